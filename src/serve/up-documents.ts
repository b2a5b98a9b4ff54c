import { systemClock as clock, systemTimers as timers } from '../clock.ts';
import { DocumentReader } from '../document/load.ts';
import type { Place } from '../document/load.ts';
import type { CompleteSet } from '../document/document-set.ts';
import type { Issue } from '../document/issues.ts';
import type { DocumentAccess } from '../document/resource-access.ts';
import { systemFiles } from '../file-access.ts';
import { productVersion } from '../product.ts';
import { keyOf } from '../source/document-keys.ts';
import type { Delivery, DocumentSource, Outcome } from '../source/document-source.ts';
import { followDocuments } from '../source/documents-in-force.ts';
import type { InForceOptions } from '../source/documents-in-force.ts';
import { FolderBeside } from '../source/folder-beside.ts';
import { FolderSource } from '../source/folder-source.ts';
import { NoFolder } from '../source/no-folder.ts';
import { ControlSource } from '../sync/control-source.ts';
import { CredentialFile } from '../sync/credential-file.ts';
import { Follower } from '../sync/follower.ts';
import { eventsOf } from './control-documents.ts';
import { labelsOf } from './control-flags.ts';
import { createControlMetrics } from './control-metrics.ts';
import type { Documents, SharedDocuments } from './documents.ts';
import { OWNER_OF_FILES } from './embedded-control.ts';
import type { EmbeddedControl, FileDocument, FilesInForce } from './embedded-control.ts';
import { localReferences } from './local-references.ts';
import type { LocalReferences } from './local-references.ts';
import { NamedFileWatch } from './named-file-watch.ts';
import type { OwnerDocuments } from './owner-documents.ts';
import type { Reporting } from './reporting.ts';
import type { ServeFlags } from './serve-flags.ts';

type Options = InForceOptions & { readonly readFile: Delivery['readFile'] };

interface EmbeddedParts extends Pick<SharedDocuments, 'relay' | 'questions'> {
  readonly embedded: EmbeddedControl;
}

/** What the control plane in this process has, and beside it the documents of `--policies`. */
export async function followEmbedded(
  flags: ServeFlags,
  options: Options,
  { log, metrics }: Reporting,
  { embedded, questions, relay }: EmbeddedParts,
): Promise<Documents> {
  const { secretsDir } = flags;
  const watch = secretsDir === undefined ? undefined : new NamedFileWatch(secretsDir, systemFiles, timers);
  const local = localReferences(flags, options.env, watch);
  let lookedAt = (): number => 0;
  const told = createControlMetrics(metrics.registry, () => lookedAt());
  const central = new ControlSource(
    { addresses: ['the control plane of this process'] },
    {
      clock,
      cache: undefined,
      relay,
      readFile: local.readFile,
      follow(followed) {
        const { node, folder } = embedded;
        const follower = new Follower(
          {
            node,
            version: productVersion(),
            labels: labelsOf(flags.labels),
            addresses: ['this process'],
          },
          {
            connect: async () => embedded.connect(),
            credentials: new CredentialFile({ folder, access: systemFiles, userId: process.getuid?.() }),
            joinToken: () => embedded.admit(),
            ...followed,
            enforce: (changed) => followed.enforce(changed),
            // It is in this process.
            maxStaleMs: () => 0,
            answer: questions?.answer,
            clock,
            timers,
            random: Math.random,
            events: eventsOf(log, told, () => followed.heard()),
          },
        );
        follower.start();
        return follower;
      },
      events: { cacheFault: (detail) => log.error('--data-dir', { detail }) },
    },
  );
  lookedAt = () => central.lookedAt;
  relay?.serve(central);
  const written = new WeakMap<Place, unknown>();
  const source = besideFolder(flags, options, central, {
    newReading: () => new WrittenReader(written),
    delivered: (set, outcome) => embedded.mirror(filesInForce(set, outcome, written)),
    freed: () => void central.lookAgain(),
  });
  watch?.start(() => central.filesChanged());
  const inForce = await followDocuments(source, { ...options, ofResources: accessOf(local) });
  return {
    inForce,
    isStale: () => false,
    async close() {
      watch?.close();
      await inForce.close();
    },
  };
}

/** What documents that stand in no file may read of this machine. */
function accessOf({ env: variables, unset, readFile }: LocalReferences): DocumentAccess {
  return { variables, readFile, ...(unset && { unset }) };
}

/** As {@link followEmbedded} in a worker, whose owner has the control plane. */
export async function followOwnerBesideFolder(
  flags: ServeFlags,
  options: Options,
  fromOwner: OwnerDocuments,
): Promise<Documents> {
  const source = besideFolder(flags, options, fromOwner, {});
  const inForce = await followDocuments(source, {
    ...options,
    ofResources: accessOf(localReferences(flags, options.env)),
  });
  return { inForce, isStale: () => false, close: () => inForce.close() };
}

interface FolderParts {
  readonly newReading?: () => DocumentReader;
  readonly delivered?: (set: CompleteSet, outcome: Outcome) => void;
  readonly freed?: () => void;
}

function besideFolder(
  { policies }: ServeFlags,
  options: Options,
  central: DocumentSource,
  { newReading, delivered, freed }: FolderParts,
): DocumentSource {
  const { readFile } = options;
  const files =
    policies.length === 0
      ? undefined
      : new FolderSource({ paths: policies, clock, readFile, ...(newReading && { newReading }) });
  return new FolderBeside({
    folder: files ?? new NoFolder(),
    central,
    ownerOfFiles: OWNER_OF_FILES,
    ...(files && { lookAgain: () => files.lookAgain() }),
    ...(delivered && { delivered }),
    ...(freed && { freed }),
  });
}

/** Remembers documents as they are written, without defaults. */
class WrittenReader extends DocumentReader {
  readonly #written: WeakMap<Place, unknown>;

  constructor(written: WeakMap<Place, unknown>) {
    super();
    this.#written = written;
  }

  override addDocument(place: Place, value: unknown, issues: readonly Issue[]): void {
    this.#written.set(place, value);
    super.addDocument(place, value, issues);
  }
}

function filesInForce(set: CompleteSet, outcome: Outcome, written: WeakMap<Place, unknown>): FilesInForce {
  const isFaulty = outcome.result !== 'in_force';
  const faults = outcome.result === 'faulty' ? outcome.faults : [];
  const held = outcome.result === 'faulty' ? new Set(outcome.held) : new Set<string>();
  const faulty = new Set(faults.map(({ file }) => file));
  const known = new Set(set.sources);
  // Where the fault is of no file, such as a folder that is away, nobody knows what has gone.
  const isAllKnown =
    !isFaulty || (outcome.result === 'faulty' && outcome.held !== undefined && set.documents.length > 0);
  const documents = set.documents.flatMap((loaded): readonly FileDocument[] => {
    const { place } = loaded;
    if ('resource' in place || !isAllKnown || held.has(keyOf(loaded))) return [];
    const { file } = place.source;
    if (faulty.has(file)) return [];
    return [{ loaded, file, written: written.get(place) }];
  });
  return {
    documents,
    mayStay: (key, file) => !isAllKnown || held.has(key) || (known.has(file) && faulty.has(file)),
  };
}
