import { openingsOf } from '../../document/openings.ts';
import { qualifiedName } from '../../document/names.ts';
import type { DocumentedApi, DocumentsRead } from '../../doctor/world.ts';
import type { Resource } from '../../doctor/resource.ts';
import { placeIn } from '../../doctor/resource.ts';
import { egressRules } from '../../egress/rules.ts';
import { partOf, textOf } from '../../generate/envoy-value.ts';
import { fetchesNothing } from '../../serve/offline-environment.ts';
import { hostMatchingOf } from '../../serve/locate-flags.ts';
import type { Api, Snapshot } from '../../snapshot/snapshot.ts';
import type { Environment } from '../command.ts';
import { loadOnce } from '../documents.ts';

/** Compiles documents as a sidecar would. @param places of the documents, by which an API is found in its file */
export async function readDocuments(
  files: readonly string[],
  places: readonly Resource[],
  environment: Environment,
): Promise<DocumentsRead> {
  const outwards = { transport: fetchesNothing, rules: egressRules([]) };
  const hosts = hostMatchingOf({ hostPort: 'exact', hostFinalDot: 'exact' });
  const compiled = await loadOnce(files, { ...environment }, outwards, hosts);
  try {
    const { snapshot } = compiled;
    if (snapshot === undefined) return { faults: compiled.faults, apis: [] };
    return { faults: [], apis: apisOf(snapshot, places) };
  } finally {
    compiled.close();
  }
}

function apisOf({ apis }: Snapshot, places: readonly Resource[]): readonly DocumentedApi[] {
  const openings = new Map(openingsOf(apis).map(({ api, requests }) => [api, requests]));
  const byName = new Map(
    places.flatMap((each) => {
      if (each.kind !== 'Api') return [];
      const namespace = textOf(partOf(each.root, 'metadata'), 'namespace');
      const metadata = { name: each.name, ...(namespace !== '' && { namespace }) };
      return [[qualifiedName(metadata), placeIn(each, ['spec', 'policies'])]];
    }),
  );
  return apis.map((api) => {
    const place = byName.get(api.name);
    return {
      name: api.name,
      enforced: boundOf(api).filter(({ mode }) => mode === 'enforce').length,
      shadowed: boundOf(api).filter(({ mode }) => mode === 'shadow').length,
      countsForAll: api.quota.some(({ mode, kind }) => mode === 'enforce' && kind !== 'spike-control'),
      // An API that says that its requests are public needs no policy either.
      isPublic: api.publicRequests !== undefined,
      unauthenticated: openings.get(api.name),
      file: place?.file,
      line: place?.line,
    };
  });
}

function boundOf({ access, quota }: Api): readonly { readonly mode: 'enforce' | 'shadow' }[] {
  return [...access, ...quota];
}
