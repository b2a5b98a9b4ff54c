import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import type { DescMethod, Message } from '@bufbuild/protobuf';
import { durationMs } from '@bufbuild/protobuf/wkt';
import { AnalyticsService } from '../../gen/ostiary/v1/analytics_pb.js';
import { InspectionService } from '../../gen/ostiary/v1/inspection_pb.js';
import { AskSidecarRequestSchema, AskSidecarResponseSchema } from '../../gen/ostiary/v1/sidecars_pb.js';
import type { AskSidecarRequest, AskSidecarResponse } from '../../gen/ostiary/v1/sidecars_pb.js';
import type { Caller } from '../access/caller.ts';
import type { AuditAction, AuditOutcome } from '../audit/event.ts';
import type { AuditTrail } from '../audit/trail.ts';
import { Code, RpcError } from '../grpc/rpc.ts';
import type { Method } from '../grpc/rpc.ts';
import { didYouMean } from '../nearest.ts';
import type { Log } from '../observe/log.ts';
import type { Followers } from '../sync/followers.ts';
import type { ControlAccess } from './access.ts';
import { guardedUnary } from './guarded.ts';
import { requirePlatformAdmin } from './people-rights.ts';
import type { Planes } from './planes.ts';

export interface AskingPorts {
  readonly followers: Pick<Followers, 'ask'>;
  readonly planes: Planes;
  readonly access: ControlAccess;
  readonly log: Log;
  readonly trail: AuditTrail;
}

type QuestionCase = NonNullable<AskSidecarRequest['question']['case']>;

/** The method of a sidecar that each question is for. */
const METHODS: Readonly<Record<QuestionCase, DescMethod>> = {
  explain: InspectionService.method.explain,
  listApis: InspectionService.method.listApis,
  getSnapshot: InspectionService.method.getSnapshot,
  inspectCounters: InspectionService.method.inspectCounters,
  resetCounters: InspectionService.method.resetCounters,
  refreshKeys: InspectionService.method.refreshKeys,
  listSamples: AnalyticsService.method.listSamples,
};

/**
 * What changes something at the sidecar: it is for those who administer sidecars, and is kept in the log, with who asked.
 */
const CHANGING: ReadonlySet<QuestionCase> = new Set(['resetCounters', 'refreshKeys']);

/** What the audit trail is told: who looks at what callers have left, and who gives it back to them. */
const AUDITED: Readonly<Partial<Record<QuestionCase, AuditAction>>> = {
  inspectCounters: 'counter.read',
  resetCounters: 'counter.reset',
};

const USUAL_MS = 10_000;
const LONGEST_MS = 120_000;
const LONGEST_REASON = 500;

/** `SidecarService/AskSidecar`: an administrator's question to one sidecar, over the stream that it follows by. */
export function askSidecarMethod({ followers, planes, access, log, trail }: AskingPorts): Method {
  const define = guardedUnary('ostiary.v1.SidecarService', access);
  return define(
    'AskSidecar',
    AskSidecarRequestSchema,
    AskSidecarResponseSchema,
    async ({ node, timeout, question, reason }, caller) => {
      if (question.case === undefined) throw new RpcError(Code.invalidArgument, 'question: one is required');
      const timeoutMs = timeout === undefined ? USUAL_MS : durationMs(timeout);
      if (timeoutMs < 1 || timeoutMs > LONGEST_MS)
        throw new RpcError(Code.invalidArgument, 'timeout: expected a time of at most 2 minutes');
      if (reason.length > LONGEST_REASON)
        throw new RpcError(Code.invalidArgument, `reason: expected at most ${LONGEST_REASON} characters`);
      const { input, name, output, parent } = METHODS[question.case];
      if (CHANGING.has(question.case)) requirePlatformAdmin(caller, `ask a sidecar to ${name}`);
      const asking = {
        method: `/${parent.typeName}/${name}`,
        request: toBinary(input, question.value as Message),
        timeoutMs: Math.ceil(timeoutMs),
      };
      const tell = (outcome: string): void => {
        if (question.case === undefined || !CHANGING.has(question.case)) return;
        const detail = `${name} by ${caller.name}: ${outcome}`;
        log.info('sidecar asked', { node, ...subjectOf(question), detail });
      };
      if (question.case === 'resetCounters') await audit(trail, caller, { node, question, outcome: 'begun', reason });
      let answer: AskSidecarResponse['answer'];
      try {
        const response = await followers.ask(node, asking);
        if (response === undefined) throw await notHere(node, planes);
        const value = readAnswer(node, output, response);
        answer = { case: question.case, value } as AskSidecarResponse['answer'];
      } catch (error) {
        tell(error instanceof Error ? error.message : String(error));
        await audit(trail, caller, { node, question, outcome: 'failed', reason });
        throw error;
      }
      tell('answered');
      await audit(trail, caller, { node, question, outcome: 'done', reason });
      return create(AskSidecarResponseSchema, { answer });
    },
  );
}

interface Asked {
  readonly node: string;
  readonly question: AskSidecarRequest['question'];
  readonly outcome: AuditOutcome;
  /** In their words; empty: they gave none. */
  readonly reason: string;
}

/**
 * Before what changes something, and whether it came to it or not: the sidecar may have done it, and the answer been lost.
 * @throws DatabaseFault, TooManyEvents (rejects with them) where it can't be kept that it begins: then it does not
 */
async function audit(trail: AuditTrail, caller: Caller, { node, question, outcome, reason }: Asked): Promise<void> {
  const action = question.case === undefined ? undefined : AUDITED[question.case];
  if (action === undefined) return;
  const { name, credential, address } = caller;
  const detail = { ...subjectOf(question), ...(reason !== '' && { reason }) };
  const target = { kind: 'Sidecar', namespace: '', name: node };
  const event = { action, outcome, caller: { name, credential, address }, target, detail };
  if (outcome === 'begun') await trail.record(event);
  else trail.note(event);
}

/** A key of callers may be a secret: that there is one is enough. */
function subjectOf(question: AskSidecarRequest['question']): Readonly<Record<string, string>> {
  if (question.case === 'refreshKeys') {
    const { url } = question.value;
    // Without a user and a query.
    const parsed = URL.parse(url);
    return { url: parsed === null ? '' : `${parsed.origin}${parsed.pathname}` };
  }
  if (question.case !== 'resetCounters' && question.case !== 'inspectCounters') return {};
  const { api, clientId, key } = question.value;
  return { api, ...(clientId !== '' && { client_id: clientId }), ...(key !== '' && { key: 'of a caller' }) };
}

function readAnswer(node: string, output: DescMethod['output'], response: Uint8Array): Message {
  try {
    return fromBinary(output, response);
  } catch {
    throw new RpcError(Code.unavailable, `${node} has answered with something else than ${output.typeName}`);
  }
}

async function notHere(node: string, planes: Planes): Promise<RpcError> {
  const found = await planes.find(node);
  switch (found.state) {
    case 'unknown': {
      const names = await planes.names();
      return new RpcError(Code.notFound, `there is no sidecar ${JSON.stringify(node)}${didYouMean(node, names)}`);
    }
    case 'elsewhere': {
      const { address } = found;
      const where = address === undefined ? 'another control plane' : `the control plane at ${address}`;
      const remedy = address === undefined ? 'ask that one' : `ask it there, with --server ${address}`;
      return new RpcError(Code.failedPrecondition, `${node} follows ${where}: ${remedy}`);
    }
    case 'away':
      return new RpcError(
        Code.unavailable,
        `${node} follows no control plane now: it was heard last at ${new Date(found.at).toISOString()}`,
      );
    default:
      return new RpcError(Code.unavailable, `${node} has just gone: ask again in a moment`);
  }
}
