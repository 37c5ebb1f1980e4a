// Envoy ends every ext_proc stream with a reset. Node's HTTP/2, and with it the grpc-js transport, takes many resets for an
// attack and drops the connection with every stream on it. With this flag Envoy closes in peace.

import { isObject, type Json, type JsonObject } from '../document/json.js';
import { isTrue } from '../look/fields.js';
import type { Message } from '../look/message.js';
import type { Need } from '../look/need.js';
import type { World } from '../look/world.js';

const FLAG = 'envoy.reloadable_features.ext_proc_graceful_grpc_close';

export function* runtimeNeeds(world: World): Generator<Need> {
  const layers = world.root.message('layered_runtime')?.messages('layers') ?? [];
  const found = layers.findLast((layer) => flagIn(layer) !== undefined);
  if (found !== undefined && isTrue(flagIn(found)) === null) return;
  yield {
    code: 'runtime.graceful_close',
    level: 'warning',
    path: found?.at('static_layer') ?? ['layered_runtime'],
    wrong: found === undefined ? `does not set ${FLAG}` : `switches ${FLAG} off`,
    causes: 'about 1 % of decisions are lost in silence with the grpc-js transport; the direct one does not need it',
    fix: `set ${FLAG}: true in a static layer`,
    mend: () => {
      if (found === undefined) addLayer(world, layers);
      else setFlag(found);
    },
    told: found !== undefined,
  };
}

/** Before the layers that are to have the last word at run time: files, RTDS, admin. */
function addLayer(world: World, layers: readonly Message[]): void {
  const layer: JsonObject = { name: nameFor(layers), static_layer: { [FLAG]: true } };
  world.comments.set(layer, 'Sluice: without it Node takes the ends of ext_proc streams for an attack.');
  const list = world.root.ensure('layered_runtime').ensureList('layers');
  const later = layers.find((each) => each.get('static_layer') === undefined);
  list.splice(later === undefined ? list.length : list.indexOf(later.value), 0, layer);
}

function nameFor(layers: readonly Message[]): string {
  const names = layers.map((layer) => layer.text('name'));
  return names.includes('sluice') ? 'sluice_ext_proc' : 'sluice';
}

function setFlag(layer: Message): void {
  const values = layer.ensure('static_layer');
  if (!(FLAG in values.value)) forget(values.value, FLAG);
  values.value[FLAG] = true;
}

/** Runtime keys may be nested at every dot: `envoy: { reloadable_features: { ... } }`. */
function flagIn(layer: Message): Json | undefined {
  return lookUp(layer.get('static_layer'), FLAG);
}

function lookUp(value: Json | undefined, key: string): Json | undefined {
  if (!isObject(value)) return undefined;
  if (key in value) return value[key];
  for (const [name, part] of Object.entries(value)) {
    const found = key.startsWith(`${name}.`) ? lookUp(part, key.slice(name.length + 1)) : undefined;
    if (found !== undefined) return found;
  }
  return undefined;
}

function forget(value: JsonObject, key: string): void {
  delete value[key];
  for (const [name, part] of Object.entries(value)) {
    if (isObject(part) && key.startsWith(`${name}.`)) forget(part, key.slice(name.length + 1));
  }
}
