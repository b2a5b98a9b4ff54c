import { fieldOf, messagesBelow, partOf } from '../../generate/envoy-value.ts';
import { formatFault } from '../../document/fault.ts';
import { placeInEnvoy } from '../envoy-dump.ts';
import { finding } from '../finding.ts';
import type { Finding, Place } from '../finding.ts';
import { placeIn, specOf } from '../resource.ts';
import { didYouMean } from '../../nearest.ts';
import { ofKind } from '../world.ts';
import type { DocumentedApi, World } from '../world.ts';

export function* documentChecks(world: World): Generator<Finding> {
  const { documents } = world;
  if (documents === undefined) return;
  for (const fault of documents.faults) {
    const { file, line, column, field, message } = fault;
    const place: Place = { object: file, field, file, line, column };
    yield finding(
      'OST601',
      place,
      message,
      `ostiary validate ${folderOf(file)}  # ${formatFault({ ...fault, message: '' })}`,
    );
  }
  for (const api of documents.apis) yield* oneApi(api);
  if (documents.faults.length === 0) yield* unknownApis(world, new Set(documents.apis.map(({ name }) => name)));
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
  const example = 'policies: [{ policyRef: { name: client-id-enforcement } }]';
  if (enforced === 0 && shadowed > 0) {
    const message = `has policies in shadow mode alone: they count, and every request passes`;
    yield finding(
      'OST605',
      place,
      message,
      'mode: enforce  # in the policies of the Api, once their counts look right',
    );
  } else if (enforced === 0 && !isPublic) {
    yield finding('OST603', place, 'has no policy: every request of it passes', example);
  } else if (unauthenticated !== undefined) {
    const remedy = `${example}\n# or say that it is meant so: public: true (or rules) in the Api`;
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
    for (const { name, path } of namedIn(specOf(filter))) if (!known.has(name)) yield told(placeIn(filter, path), name);
  }
  for (const envoy of world.envoys) {
    for (const { name, path } of namedIn(envoy.resource.root))
      if (!known.has(name)) yield told(placeInEnvoy(envoy, path), name);
  }
}

function* namedIn(root: ReturnType<typeof specOf>) {
  for (const part of messagesBelow(root)) {
    const extensions = partOf(part, 'context_extensions');
    const api = extensions && fieldOf(extensions, 'ostiary.api');
    if (api !== undefined && typeof api.value === 'string') yield { name: api.value, path: api.path };
  }
}
