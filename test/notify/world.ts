import { systemClock, systemTimers } from '../../src/clock.ts';
import { checkingPorts } from '../../src/control/checking-ports.ts';
import { CurrentIndex } from '../../src/control/current-index.ts';
import { openNotifying } from '../../src/control/notifying.ts';
import type { Notifying, NotifyingPorts } from '../../src/control/notifying.ts';
import { openedDocument } from '../../src/control/secret-vault.ts';
import { systemEgress } from '../../src/egress/system-egress.ts';
import { createLog } from '../../src/observe/log.ts';
import { Registry as MetricsRegistry } from '../../src/observe/prometheus.ts';
import type { OpenedRegistry, RegistryPlace } from '../../src/registry/open.ts';
import { openAt } from '../registry/opened.ts';

export type Document = Record<string, unknown> & {
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string };
};

/** A control plane without its services: its log, and who is told of it. */
export interface World extends Notifying {
  readonly opened: OpenedRegistry;
  readonly metrics: MetricsRegistry;
  readonly lines: readonly string[];
  write(documents: readonly Document[], author?: { readonly actor: string; readonly reason: string }): Promise<number>;
  remove(document: Document): Promise<void>;
  /** Ends it as a kill does: nothing is written any more. */
  close(): Promise<void>;
}

/** What the clock of a world says at its start; it goes on from there, as fast as its timers. */
export interface Hand {
  nowMs: number;
  /** It does not go on by itself. */
  readonly isStopped?: boolean;
}

export const AT = Date.UTC(2027, 0, 1);

/** @param speed timers run so many times faster */
export async function openWorld(
  place: RegistryPlace,
  hand: Hand = { nowMs: AT },
  more: Partial<NotifyingPorts> = {},
  speed = 20,
): Promise<World> {
  const began = systemClock.monotonic();
  const passed = (): number => (systemClock.monotonic() - began) * speed;
  const now = (): number => (hand.isStopped === true ? hand.nowMs : Math.round(hand.nowMs + passed()));
  const clock = { now, monotonic: () => passed() };
  const opened = await openAt(place, clock.now);
  const { registry, database } = opened;
  const checking = checkingPorts(clock, systemTimers);
  const lines: string[] = [];
  const log = createLog('debug', { write: (text) => void lines.push(text) }, now);
  const metrics = new MetricsRegistry();
  const fast = {
    after: (delayMs: number, callback: () => void) => systemTimers.after(delayMs / speed, callback),
  };
  const { egress } = systemEgress({ variables: {}, allow: ['127.0.0.1'], timers: systemTimers });
  const notifying = await openNotifying({
    registry,
    database,
    databaseUrl: place.databaseUrl,
    index: new CurrentIndex(registry),
    checking: { ...checking.ports, open: (resource) => openedDocument(resource, undefined) },
    call: (call) => egress.call(call),
    mail: undefined,
    mailsPerHour: 60,
    person: () => Promise.resolve(undefined),
    sidecars: { list: () => Promise.resolve([]) },
    tokens: () => Promise.resolve([]),
    clock,
    timers: fast,
    random: Math.random,
    log,
    metrics,
    ...more,
  });
  const keyOf = ({ kind, metadata }: Document) => {
    return { kind, namespace: metadata.namespace ?? 'default', name: metadata.name };
  };
  return {
    ...notifying,
    opened,
    metrics,
    lines,
    async write(documents, author = { actor: 'user:alice@example.com', reason: '' }) {
      const written = await registry.write(
        documents.map((document) => ({ key: keyOf(document), document, owner: 'api', set: '' })),
        author,
      );
      return written.head.revision;
    },
    async remove(document) {
      const author = { actor: 'user:alice@example.com', reason: '' };
      await registry.write([{ key: keyOf(document), document: undefined, owner: 'api', set: '' }], author);
    },
    async close() {
      await notifying.close();
      checking.close();
      await opened.close();
    },
  };
}
