import { systemClock as clock } from '../../src/clock.ts';
import { compile } from '../../src/document/compile.ts';
import { formatFault } from '../../src/document/fault.ts';
import { policyKinds } from '../../src/policies/index.ts';
import type { Snapshot } from '../../src/snapshot/snapshot.ts';
import { loadDocuments } from '../../src/source/load-documents.ts';
import { policyEnvironment } from '../policies/environment.ts';
import { documentsFolder } from '../e2e/documents.ts';
import type { Document } from '../e2e/documents.ts';

/** What documents say, as the service would have it in force. */
export async function snapshotOfDocuments(documents: readonly Document[]): Promise<Snapshot> {
  const compiled = await compile(await loadDocuments([documentsFolder(documents)], { clock }), {
    policyKinds,
    environment: policyEnvironment(),
    env: {},
    readFile: () => Promise.reject(new Error('no file is read')),
    clock,
  });
  if (compiled.snapshot === undefined) throw new Error(compiled.faults.map(formatFault).join('\n'));
  return compiled.snapshot;
}
