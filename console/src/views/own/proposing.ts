import type { ProposedDocumentJson } from '../../../../gen/ostiary/v1/resources_pb.js';

/** @param expectedRevision the one that the reader has seen; `0`: it must be new; absent: whatever it is */
export function proposal(document: unknown, expectedRevision?: string): ProposedDocumentJson {
  const written = { document: document as NonNullable<ProposedDocumentJson['document']> };
  return expectedRevision === undefined ? written : { ...written, expectedRevision };
}
