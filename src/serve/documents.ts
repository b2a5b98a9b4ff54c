import { followFolder } from '../source/folder-source.ts';
import { followDocuments } from '../source/documents-in-force.ts';
import type { ConfigSource, InForceOptions } from '../source/documents-in-force.ts';
import type { Delivery } from '../source/document-source.ts';
import { staleMsOf } from './control-flags.ts';
import type { DocumentRelay } from './document-relay.ts';
import { followsControl } from './control-flags.ts';
import type { EmbeddedControl } from './embedded-control.ts';
import { localReferences } from './local-references.ts';
import type { OwnerDocuments } from './owner-documents.ts';
import type { QuestionDesk } from './question-desk.ts';
import type { Reporting } from './reporting.ts';
import type { Reports } from './reports.ts';
import type { ServeFlags } from './serve-flags.ts';

/** The documents of a process, wherever they come from. */
export interface Documents {
  readonly inForce: ConfigSource;
  /** They are too old to be enforced. */
  isStale(): boolean;
  /** For how long no control plane was heard, in milliseconds; absent: they come from elsewhere. */
  readonly silentMs?: () => number;
  close(): Promise<void>;
}

/** With whom documents are shared where several processes decide. */
export interface SharedDocuments {
  /** The owner's: hands them on. */
  readonly relay?: DocumentRelay | undefined;
  /** The owner's: what the control plane is told of requests. */
  readonly reports?: Reports | undefined;
  /** The owner's: answers questions of the control plane. */
  readonly questions?: QuestionDesk | undefined;
  /** A worker's: takes them. */
  readonly fromOwner?: OwnerDocuments | undefined;
  /** Has documents beside those of the folder. */
  readonly embedded?: EmbeddedControl | undefined;
}

/** @throws FaultyDocuments, UserError (rejects with them) */
export async function openDocuments(
  flags: ServeFlags,
  options: InForceOptions & { readonly readFile: Delivery['readFile'] },
  reporting: Reporting,
  { embedded, fromOwner, relay, reports, questions }: SharedDocuments,
): Promise<Documents> {
  if (embedded !== undefined) {
    const { followEmbedded } = await import('./up-documents.ts');
    return followEmbedded(flags, options, reporting, { embedded, relay, questions });
  }
  if (!followsControl(flags) && fromOwner !== undefined) {
    const { followOwnerBesideFolder } = await import('./up-documents.ts');
    return followOwnerBesideFolder(flags, options, fromOwner);
  }
  if (followsControl(flags) && fromOwner === undefined) {
    const { followControl } = await import('./control-documents.ts');
    return followControl(flags, options, reporting, { relay, reports, questions });
  }
  const inForce = await (fromOwner === undefined
    ? followFolder({ paths: flags.policies, ...options })
    : followDocuments(fromOwner, { ...options, ...localReferences(flags, options.env) }));
  if (fromOwner === undefined) return { inForce, isStale: () => false, close: () => inForce.close() };
  const silentMs = (): number => options.clock.now() - fromOwner.heardAt;
  const flagMs = staleMsOf(flags.maxStale) ?? 0;
  return { inForce, isStale: () => flagMs > 0 && silentMs() > flagMs, silentMs, close: () => inForce.close() };
}
