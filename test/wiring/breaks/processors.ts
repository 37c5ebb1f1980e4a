// What can be wrong with a processor in any of its roles.

import { object } from '../../support/bootstrap.js';
import { array, type Case, processor, put, type Role } from './parts.js';

export const onProcessor = (role: Role): Case[] => [
  [`${role}.fail_open`, (b) => void delete processor(role, b).failure_mode_allow],
  [`${role}.fail_open`, (b) => put(processor(role, b), { failure_mode_allow: false })],
  [`${role}.message_timeout`, (b) => put(processor(role, b), { message_timeout: '0.02s' })],
  [`${role}.message_timeout`, (b) => put(processor(role, b), { message_timeout: '30s' })],
  [
    `${role}.request_header_mode`,
    (b) => put(object(processor(role, b).processing_mode), { request_header_mode: 'SKIP' }),
  ],
  [
    `${role}.response_header_mode`,
    (b) => {
      object(processor(role, b).processing_mode).response_header_mode = role === 'gate' ? 'SEND' : 'SKIP';
    },
  ],
  [
    `${role}.request_body_mode`,
    (b) => put(object(processor(role, b).processing_mode), { request_body_mode: 'BUFFERED' }),
  ],
  [
    `${role}.response_body_mode`,
    (b) => put(object(processor(role, b).processing_mode), { response_body_mode: 'STREAMED' }),
  ],
  [
    `${role}.request_trailer_mode`,
    (b) => put(object(processor(role, b).processing_mode), { request_trailer_mode: 'SEND' }),
  ],
  [
    `${role}.response_trailer_mode`,
    (b) => put(object(processor(role, b).processing_mode), { response_trailer_mode: 1 }),
  ],
  [`${role}.request_attributes`, (b) => void delete processor(role, b).request_attributes],
  [`${role}.request_attributes`, (b) => void array(processor(role, b).request_attributes).shift()],
  [`${role}.request_attributes`, (b) => void array(processor(role, b).request_attributes).push('xds.node')],
  [`${role}.credentials`, (b) => void delete processor(role, b).forward_rules],
  [
    `${role}.forward_rules`,
    (b) => {
      const name = role === 'admission' ? ':path' : 'x-sluice-id';
      array(object(object(processor(role, b).forward_rules).disallowed_headers).patterns).push({ exact: name });
    },
  ],
  [
    `${role}.forward_rules`,
    (b) => {
      object(processor(role, b).forward_rules).allowed_headers = { patterns: [{ prefix: ':' }] };
    },
  ],
  [
    // What is no x-envoy- header, Envoy lets everybody change.
    role === 'admission' ? 'admission.mutation_rules' : `${role}.mutation_rights`,
    (b) => void delete processor(role, b).mutation_rules,
  ],
  [
    `${role}.mutation_rules`,
    (b) => {
      object(processor(role, b).mutation_rules).allow_expression = { regex: 'x-sluice-id' };
    },
  ],
  [
    `${role}.mutation_rules`,
    (b) => {
      object(processor(role, b).mutation_rules).disallow_expression = { regex: '.*retry.*' };
    },
  ],
  [
    `${role}.mutation_rights`,
    (b) => put(object(processor(role, b).mutation_rules), { allow_expression: { regex: '.*' } }),
  ],
  [`${role}.observability_mode`, (b) => put(processor(role, b), { observability_mode: true })],
  [`${role}.disable_immediate_response`, (b) => put(processor(role, b), { disable_immediate_response: true })],
];
