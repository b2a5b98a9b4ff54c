import { shellWord } from '../../commented-lines.ts';
import { fieldOf, messagesBelow, partOf, partsOf } from '../../generate/envoy-value.ts';
import type { Part } from '../../generate/envoy-value.ts';
import { inForce, placeInEnvoy } from '../envoy-dump.ts';
import { finding } from '../finding.ts';
import type { Finding, Place } from '../finding.ts';
import { placeIn, specOf } from '../resource.ts';
import { didYouMean } from '../../nearest.ts';
import { ofKind } from '../world.ts';
import type { DocumentedApi, World } from '../world.ts';

const NO_POLICY = 'has no policy: every request of it passes';
const SHADOW = 'has policies in shadow mode alone: they count, and every request passes';
const EXAMPLE = 'policies: [{ policyRef: { name: client-id-enforcement } }]';
const ENFORCE = 'mode: enforce  # in the policies of the Api, once their counts look right';

export function* documentChecks(world: World): Generator<Finding> {
  yield* objectChecks(world);
  const { documents } = world;
  if (documents === undefined) return;
  for (const fault of documents.faults) {
    const { file, line, column, field, message } = fault;
    const place: Place = { object: file, field, file, line, column };
    yield finding('OST601', place, message, `ostiary validate ${shellWord(folderOf(file))}`);
  }
  for (const api of documents.apis) yield* oneApi(api);
  if (documents.faults.length === 0) yield* unknownApis(world, new Set(documents.apis.map(({ name }) => name)));
}

/** Objects of a cluster, and of files that hold more than documents. What a binding adds is looked at as documents alone. */
function* objectChecks(world: World): Generator<Finding> {
  const bindings = ofKind(world, 'PolicyBinding').filter(({ group }) => group === 'ostiary.dev');
  for (const api of ofKind(world, 'Api').filter(({ group }) => group === 'ostiary.dev')) {
    const spec = specOf(api);
    const isPublic = fieldOf(spec, 'public').value !== undefined;
    const isBound = bindings.some(({ namespace }) => namespace === api.namespace || namespace === 'platform');
    if (isBound || isPublic || (world.isCluster && !world.listed.has('PolicyBinding'))) continue;
    const policies = partsOf(spec, 'policies');
    const place = placeIn(api, ['spec', 'policies']);
    if (policies.length === 0) yield finding('OST603', place, NO_POLICY, EXAMPLE);
    else if (policies.every((each) => each.value['mode'] === 'shadow')) yield finding('OST605', place, SHADOW, ENFORCE);
  }
}

function folderOf(file: string): string {
  const at = file.lastIndexOf('/');
  return at < 0 ? '.' : file.slice(0, at);
}

function* oneApi({
  name,
  enforced,
  shadowed,
  isPublic,
  unauthenticated,
  file,
  line,
}: DocumentedApi): Generator<Finding> {
  const place: Place = {
    object: `Api ${name}`,
    field: 'spec.policies',
    ...(file !== undefined && { file, line: line ?? 0, column: line === undefined ? 0 : 1 }),
  };
  if (enforced === 0 && shadowed > 0) {
    yield finding('OST605', place, SHADOW, ENFORCE);
  } else if (enforced === 0 && !isPublic) {
    yield finding('OST603', place, NO_POLICY, EXAMPLE);
  } else if (unauthenticated !== undefined) {
    const remedy = `${EXAMPLE}\n# or say that it is meant so: public: true (or rules) in the Api`;
    yield finding('OST604', place, `has requests that no policy authenticates: ${unauthenticated}`, remedy);
  }
}

/** `ostiary.api` of filters, which decides without a look at host and path. */
function* unknownApis(world: World, known: ReadonlySet<string>): Generator<Finding> {
  const told = (place: Place, name: string): Finding => {
    const meant = didYouMean(name, [...known]) || ` (there are ${[...known].join(', ') || 'none'})`;
    const message = `names the API ${JSON.stringify(name)}, which no document has${meant}: its requests are denied`;
    return finding('OST602', place, message, 'ostiary generate envoyfilter --api NAME …  # with the name of an Api');
  };
  for (const filter of ofKind(world, 'EnvoyFilter')) {
    for (const { name, path } of namedIn(messagesBelow(specOf(filter))))
      if (!known.has(name)) yield told(placeIn(filter, path), name);
  }
  for (const envoy of world.envoys) {
    for (const { name, path } of namedIn(inForce(envoy)))
      if (!known.has(name)) yield told(placeInEnvoy(envoy, path), name);
  }
}

function* namedIn(parts: Iterable<Part>) {
  for (const part of parts) {
    const extensions = partOf(part, 'context_extensions');
    const api = extensions && fieldOf(extensions, 'ostiary.api');
    if (api !== undefined && typeof api.value === 'string') yield { name: api.value, path: api.path };
  }
}
