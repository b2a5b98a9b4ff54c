import { readFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { openAudit } from '../audit/open.ts';
import type { SignedHead } from '../audit/head.ts';
import { parseSyslogPlace, SyslogSender } from '../audit/syslog.ts';
import { syslogMessage } from '../audit/syslog-message.ts';
import { beginTelling, Teller } from '../audit/teller.ts';
import type { Outlet } from '../audit/teller.ts';
import type { AuditTrail } from '../audit/trail.ts';
import { systemClock as clock, systemTimers as timers } from '../clock.ts';
import type { Database } from '../database/database.ts';
import { PostgresElection } from '../database/postgres-election.ts';
import { systemEgress } from '../egress/system-egress.ts';
import { sentenceOf, UserError } from '../errors.ts';
import type { Method } from '../grpc/rpc.ts';
import type { Log } from '../observe/log.ts';
import type { Registry as MetricRegistry } from '../observe/prometheus.ts';
import type { Resource } from '../registry/log.ts';
import type { RegistryTables } from '../registry/tables.ts';
import type { ControlAccess } from './access.ts';
import { SYSLOG_FLAG } from './audit-flags.ts';
import { auditObserver } from './audit-metrics.ts';
import { auditMethods } from './audit-service.ts';
import { auditedDocument, auditSight } from './audit-sight.ts';
import { AuditedCalls } from './audited.ts';
import type { CurrentIndex } from './current-index.ts';
import type { ControlFlags } from './flags.ts';
import { signingKeys } from './signing-key.ts';

export interface AuditingPorts {
  readonly database: Database<RegistryTables>;
  readonly log: Log;
  readonly metrics: MetricRegistry;
  readonly environment: NodeJS.ProcessEnv;
}

export type AuditingFlags = Pick<
  ControlFlags,
  | 'auditHeads'
  | 'auditKeepDays'
  | 'auditKeyFile'
  | 'auditSyslog'
  | 'auditSyslogCa'
  | 'dataDir'
  | 'database'
  | 'egressAllow'
>;

export interface Auditing {
  readonly trail: AuditTrail;
  readonly calls: AuditedCalls;
  methods(access: ControlAccess, index: CurrentIndex): readonly Method[];
  /** Keeps what was counted until now; it does not close the database. */
  close(): Promise<void>;
}

const DAY_MS = 86_400_000;
const HEAD_MS = 10_000;
const MAX_ANSWER_BYTES = 64 * 1024;

/**
 * The audit trail of a control plane, what brings it there, and where it is told.
 * @throws UserError, DatabaseFault (rejects with them)
 */
export async function openAuditing(flags: AuditingFlags, ports: AuditingPorts): Promise<Auditing> {
  const { database, log, metrics } = ports;
  const random = Math.random;
  const keyFile = flags.auditKeyFile ?? (flags.dataDir && join(flags.dataDir, 'audit-key.pem'));
  const key = keyFile === undefined ? undefined : await signingKeys('--audit-key-file', keyFile);
  if (flags.auditHeads !== undefined && key === undefined) {
    throw new UserError(
      '--audit-heads needs a key to sign with: give --audit-key-file FILE, the same for each control plane',
      2,
    );
  }
  const sender = await syslogOf(flags);
  const { store, trail, close } = await openAudit(database, {
    clock,
    timers,
    random,
    observer: auditObserver(metrics, log),
  });
  // Before anybody can call.
  if (sender !== undefined) await beginTelling(store, clock);
  const election =
    flags.database === undefined
      ? undefined
      : new PostgresElection({
          url: flags.database,
          office: 'audit',
          applicationName: 'ostiary control audit',
          timers,
          random,
          onElected() {},
          onLost() {},
        });
  const failing = new Set<string>();
  const teller = new Teller({
    store,
    key,
    outlet: sender && outletOf(sender),
    sendHead: headSender(flags, ports),
    onHead: (head) => log.info('audit head', { detail: JSON.stringify(head) }),
    view: (content) => ({ ...(content as Resource), document: auditedDocument(content as Resource) }),
    keepMs: flags.auditKeepDays * DAY_MS,
    isElected: () => election?.isElected ?? true,
    clock,
    timers,
    onFault(task, error) {
      const detail = `${task}: ${error instanceof Error ? error.message : 'it failed'}`;
      // Once, however often it is tried.
      if (failing.has(detail)) return;
      failing.add(detail);
      if (failing.size > 100) failing.clear();
      log.error('audit trail is not told', { detail });
    },
  });
  return {
    trail,
    calls: new AuditedCalls(trail),
    methods: (access, index) =>
      auditMethods({ store, trail, key, access, clock, sight: (caller) => auditSight(caller, index) }),
    async close() {
      await teller.close();
      sender?.close();
      await election?.close();
      await close();
    },
  };
}

/** @throws UserError (rejects with it) */
async function syslogOf({ auditSyslog, auditSyslogCa }: AuditingFlags): Promise<SyslogSender | undefined> {
  if (auditSyslog === undefined) return undefined;
  const authorities =
    auditSyslogCa === undefined
      ? undefined
      : await readFile(auditSyslogCa, 'utf8').catch((error: unknown) => {
          throw new UserError(`--audit-syslog-ca ${auditSyslogCa}: ${sentenceOf(error)}`);
        });
  return new SyslogSender(parseSyslogPlace(SYSLOG_FLAG, auditSyslog, authorities));
}

function outletOf(sender: SyslogSender): Outlet {
  const origin = { host: hostname(), processId: process.pid };
  return {
    send: (lines) => sender.send(lines.map((line) => syslogMessage(line, origin))),
    get isConnected() {
      return sender.isConnected;
    },
  };
}

function headSender({ auditHeads: url, egressAllow }: AuditingFlags, { environment }: AuditingPorts) {
  if (url === undefined) return undefined;
  const { egress } = systemEgress({ variables: environment, allow: egressAllow, timers });
  return async (head: SignedHead): Promise<void> => {
    const { status } = await egress.call({
      url,
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(head),
      timeoutMs: HEAD_MS,
      maxBytes: MAX_ANSWER_BYTES,
    });
    if (status < 200 || status >= 300) throw new Error(`the webhook answered ${status}`);
  };
}
