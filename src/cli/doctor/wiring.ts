// Where Envoy's configuration names Sluice, read from the dump of what it runs with: only that says what should be seen.

export interface Wiring {
  /** `x-sluice-role` of the external processors, each once. */
  readonly roles: readonly string[];
  /** External processors that go to the same clusters and do not say which of the roles they are. */
  readonly withoutRole: number;
  /** Clusters that those with a role speak to. */
  readonly clusters: readonly string[];
  /** gRPC access logs that go to these clusters: of attempts (`upstream_log`), of requests (`access_log`). */
  readonly logs: { readonly attempts: boolean; readonly requests: boolean };
  /** `stat_prefix` of the connection managers without an admission filter. */
  readonly unguarded: readonly string[];
}

type Json = Readonly<Record<string, unknown>>;
interface Found {
  readonly type: string;
  readonly value: Json;
  /** The key of the list or object that it stands in, and those above. */
  readonly path: readonly string[];
}

const PROCESSOR = 'ext_proc.v3.ExternalProcessor';
const GRPC_LOG = 'grpc.v3.HttpGrpcAccessLogConfig';
const MANAGER = 'http_connection_manager.v3.HttpConnectionManager';
const ROLE = 'x-sluice-role';

/** @param dump the answer of Envoy's admin interface to /config_dump. */
export function readWiring(dump: unknown): Wiring {
  const found = [...typed(dump, [])];
  const processors = found.filter(({ type }) => type.endsWith(PROCESSOR)).map(({ value }) => toProcessor(value));
  const clusters = unique(processors.filter(({ role }) => role !== null).map(({ cluster }) => cluster));
  const logs = found.filter(({ type, value }) => type.endsWith(GRPC_LOG) && clusters.includes(logCluster(value)));
  const managers = found.filter(({ type }) => type.endsWith(MANAGER));
  return {
    roles: unique(processors.map(({ role }) => role ?? '')),
    withoutRole: processors.filter(({ role, cluster }) => role === null && clusters.includes(cluster)).length,
    clusters,
    logs: {
      attempts: logs.some(({ path }) => path.includes('upstream_log')),
      requests: logs.some(({ path }) => path.includes('access_log')),
    },
    unguarded: unique(managers.filter(({ value }) => !isGuarded(value)).map(({ value }) => text(value.stat_prefix))),
  };
}

function toProcessor(value: Json): { role: string | null; cluster: string } {
  const service = object(value.grpc_service);
  const metadata = Array.isArray(service.initial_metadata) ? service.initial_metadata.map(object) : [];
  const role = metadata.find(({ key }) => key === ROLE)?.value;
  return { role: typeof role === 'string' ? role : null, cluster: text(object(service.envoy_grpc).cluster_name) };
}

function logCluster(value: Json): string {
  return text(object(object(object(value.common_config).grpc_service).envoy_grpc).cluster_name);
}

/** A filter that is switched on by the route only stands in the same list. */
function isGuarded(manager: Json): boolean {
  return [...typed(manager.http_filters, [])].some(
    ({ type, value }) => type.endsWith(PROCESSOR) && toProcessor(value).role === 'admission',
  );
}

/** Every object with a type, wherever it stands. */
function* typed(value: unknown, path: readonly string[]): Generator<Found> {
  if (Array.isArray(value)) {
    for (const each of value) yield* typed(each, path);
    return;
  }
  const fields = object(value);
  const type = fields['@type'];
  if (typeof type === 'string') yield { type, value: fields, path };
  for (const [key, each] of Object.entries(fields)) yield* typed(each, [...path, key]);
}

function object(value: unknown): Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Json) : {};
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

function unique(values: readonly string[]): string[] {
  return [...new Set(values)].filter((value) => value !== '');
}
