import fc from 'fast-check';
import { expect, it } from 'vitest';
import { documentOf, isDocumentKind } from '../../src/crd/document-of.ts';
import { objectOf } from '../../src/crd/object-of.ts';
import { documentSchemas } from '../../src/document/schema.ts';
import { anyDocument } from './any-document.ts';
import { masked } from './masked.ts';
import { writtenDocuments } from './written.ts';

type Json = Readonly<Record<string, unknown>>;

const CLUSTERS = [undefined, 'east'] as const;

/** The document of the object of a document, in a namespace of a cluster. */
function thereAndBack(document: Json, cluster: string | undefined): { readonly back: Json; readonly object: Json } {
  const made = objectOf(document, { cluster });
  if ('faults' in made) throw new Error(JSON.stringify(made.faults));
  const object = made.object as Json & { metadata: Json };
  const inCluster = { ...object, metadata: { ...object.metadata, uid: 'u' } };
  const resolveSecret = () => ({ text: 'from a Secret' });
  const back = documentOf(inCluster, { cluster, grants: [], resolveSecret });
  if ('faults' in back) throw new Error(JSON.stringify(back.faults));
  return { back: back.document, object };
}

function placed(document: Json, cluster: string | undefined): Json {
  const namespace = cluster === undefined ? 'shop' : `${cluster}.shop`;
  const spec = document['spec'] as Json;
  const { clientApplication } = spec;
  const isElsewhere = typeof clientApplication === 'string' && clientApplication.includes('/') && cluster !== undefined;
  return {
    ...document,
    metadata: { ...(document['metadata'] as Json), namespace },
    spec: isElsewhere ? { ...spec, clientApplication: `${cluster}.${clientApplication}` } : spec,
  };
}

it.each(['Api', 'PolicyBinding', 'ClientApplication', 'Contract', 'Alert'] as const)(
  'whatever its schema takes, an object of kind %s says it, and the document of it says the same',
  (kind) => {
    fc.assert(
      fc.property(anyDocument(kind), fc.constantFrom(...CLUSTERS), (written, cluster) => {
        const document = placed(written, cluster);
        const { back, object } = thereAndBack(document, cluster);
        expect(masked(back)).toEqual(masked(document));
        // No secret is in an object, and none comes into a document by one.
        expect(JSON.stringify([object, back])).not.toMatch(/hunter2|from a Secret/);
        const again = thereAndBack(back, cluster);
        expect(masked(again.back)).toEqual(masked(back));
      }),
      { numRuns: 200 },
    );
  },
);

it('so does what the pages and the samples show', () => {
  let count = 0;
  for (const { where, document } of writtenDocuments()) {
    const { kind } = document;
    if (!isDocumentKind(kind) || !documentSchemas[kind].safeParse(document).success) continue;
    const inShop = placed(document, 'east');
    expect([where, masked(thereAndBack(inShop, 'east').back)]).toEqual([where, masked(inShop)]);
    count += 1;
  }
  expect(count).toBeGreaterThan(100);
});
