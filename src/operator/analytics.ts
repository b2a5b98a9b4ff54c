/** `ostiary.v1.AnalyticsService`: questions of operators about counted requests. */
import { create } from '@bufbuild/protobuf';
import { durationFromMs, timestampFromMs } from '@bufbuild/protobuf/wkt';
import * as proto from '../../gen/ostiary/v1/analytics_pb.js';
import type { SampleQuestion } from '../analytics/sampled-request.ts';
import type { Clock } from '../clock.ts';
import { Code, RpcError } from '../grpc/rpc.ts';
import type { Call, Method } from '../grpc/rpc.ts';
import { didYouMean } from '../nearest.ts';
import type { Answer, Question } from '../rollup/question.ts';
import type { Snapshot } from '../snapshot/snapshot.ts';
import { ArchiveUnavailable } from './analytics-desk.ts';
import type { AnalyticsDesk, Ask } from './analytics-desk.ts';
import { graphOf } from './analytics-graph.ts';
import { graphQuestionOf } from './graph-question.ts';
import type { GraphSurroundings } from './graph-surroundings.ts';
import { fromSnapshot } from './graph-surroundings.ts';
import { conditionsOf, HOUR_MS, limitOf, questionOf } from './analytics-question.ts';
import { QuestionRoom } from './question-room.ts';
import { topOf } from './analytics-top.ts';
import { toSample } from '../telemetry/sample-message.ts';
import { invalid, spanOf } from './time-range.ts';
import type { Span } from './time-range.ts';
import { unaryOf } from './unary.ts';
import { toCompleteness, toKnownSpan, toUsage } from './usage.ts';

export interface AnalyticsPorts {
  readonly desk: AnalyticsDesk;
  /** In force now; undefined until one is loaded. */
  readonly snapshot: () => Snapshot | undefined;
  readonly clock: Pick<Clock, 'now'>;
  /** Questions that are being answered, of all that share it. Absent: of these methods. */
  readonly room?: QuestionRoom;
  /** Absent: what the snapshot says of contracts. */
  readonly surroundings?: GraphSurroundings;
}

const DAY_MS = 24 * HOUR_MS;
const USUAL_SAMPLES = 20;
const MOST_SAMPLES = 1000;

const unary = unaryOf('ostiary.v1.AnalyticsService');

export function analyticsMethods(ports: AnalyticsPorts): readonly Method[] {
  const { desk, snapshot, clock, room = new QuestionRoom(), surroundings = fromSnapshot(snapshot) } = ports;
  async function reading<T>(read: () => T | Promise<T>, { signal }: Pick<Call, 'signal'>): Promise<T> {
    try {
      return await room.answer(read, signal);
    } catch (error) {
      if (error instanceof ArchiveUnavailable) throw new RpcError(Code.unavailable, error.message);
      throw error;
    }
  }
  const answering = <T>(answer: (ask: Ask) => Promise<T>, call: Pick<Call, 'signal'>): Promise<T> => {
    const { archive } = desk;
    if (archive === undefined) throw noHistory();
    return reading(() => answer((question) => archive.ask(question)), call);
  };
  const known = async (
    answer: Answer,
    { sinceMs, untilMs }: Span,
  ): Promise<{ readonly completeness?: proto.Completeness }> => {
    if (desk.isOfSome === true) return {};
    const completeness = toCompleteness(
      answer,
      desk.unreportedBy?.(sinceMs, untilMs) ?? [],
      (await desk.missing?.(sinceMs, untilMs)) ?? [],
    );
    return { completeness };
  };

  return [
    unary('Query', proto.QueryRequestSchema, proto.QueryResponseSchema, (request, call) =>
      answering(async (ask) => {
        const question = questionOf(request, clock.now());
        const answer = await ask(question);
        if (answer.total.count === 0) refuseUnknownNames(question, snapshot());
        return create(proto.QueryResponseSchema, {
          since: timestampFromMs(answer.sinceMs),
          until: timestampFromMs(answer.untilMs),
          resolution: durationFromMs(answer.periodMs),
          by: [...question.by],
          rows: answer.rows.map((row) => ({
            values: [...row.values],
            usage: toUsage(row),
            ...(row.startMs === undefined ? {} : { start: timestampFromMs(row.startMs) }),
          })),
          total: toUsage(answer.total),
          combinations: BigInt(answer.combinations),
          ...(await known(answer, question)),
          spans: (answer.spans ?? []).map((span) => toKnownSpan(span, desk.isOfSome === true)),
        });
      }, call),
    ),
    unary('Top', proto.TopRequestSchema, proto.TopResponseSchema, (request, call) =>
      answering(async (ask) => {
        const { question, answer, rows } = await topOf(request, ask, clock.now());
        if (answer.total.count === 0) refuseUnknownNames(question, snapshot());
        return create(proto.TopResponseSchema, {
          since: timestampFromMs(answer.sinceMs),
          until: timestampFromMs(answer.untilMs),
          by: request.by,
          rows: [...rows],
          total: toUsage(answer.total),
          combinations: BigInt(answer.combinations),
          ...(await known(answer, question)),
        });
      }, call),
    ),
    unary('Graph', proto.GraphRequestSchema, proto.GraphResponseSchema, (request, call) =>
      answering(async (ask) => {
        const asked = graphQuestionOf(request, clock.now(), surroundings);
        const { answer, ...graph } = await graphOf(asked, ask, surroundings);
        if (answer.total.count === 0) refuseUnknownNames(asked, snapshot());
        return create(proto.GraphResponseSchema, {
          since: timestampFromMs(answer.sinceMs),
          until: timestampFromMs(answer.untilMs),
          ...graph,
          ...(await known(answer, asked)),
        });
      }, call),
    ),
    unary('ListSamples', proto.ListSamplesRequestSchema, proto.ListSamplesResponseSchema, async (request, call) => {
      const { samples } = desk;
      if (samples === undefined) throw noSamples();
      const found = await reading(() => samples.find(sampleQuestionOf(request, clock.now())), call);
      return create(proto.ListSamplesResponseSchema, { samples: found.map(toSample) });
    }),
  ];
}

function sampleQuestionOf(
  { time, api, client, reason, limit, where, id }: proto.ListSamplesRequest,
  nowMs: number,
): SampleQuestion {
  return {
    ...spanOf(time, nowMs, DAY_MS),
    ...(api !== '' && { api }),
    ...(client !== '' && { client }),
    ...(reason !== '' && { reason }),
    ...(id !== '' && { id }),
    ...(where.length > 0 && { where: conditionsOf(where) }),
    most: limitOf(limit, USUAL_SAMPLES, MOST_SAMPLES),
  };
}

function noHistory(): RpcError {
  return new RpcError(
    Code.failedPrecondition,
    'this ostiary keeps no history of requests: start ostiary with --data-dir DIR, and have Envoy stream its access log to it',
  );
}

function noSamples(): RpcError {
  return new RpcError(
    Code.failedPrecondition,
    'this ostiary keeps no samples of requests: ask the process that Envoy streams its access log to',
  );
}

/**
 * Nothing was counted. If no document has the name either, it is more likely a mistake than an API without requests.
 */
function refuseUnknownNames({ where }: Pick<Question, 'where'>, snapshot: Snapshot | undefined): void {
  if (snapshot === undefined) return;
  const known = {
    api: () => snapshot.apis.map(({ name }) => name),
    client: () => [...new Set([...snapshot.contracts()].map(({ client }) => client.name))],
  };
  for (const { dimension, values, isExcluded } of where) {
    if ((dimension !== 'api' && dimension !== 'client') || isExcluded) continue;
    const names = known[dimension]();
    const [value] = values;
    // A client may have no contract: without a similar name it may be one of those.
    if (value === undefined || value === '' || values.some((each) => names.includes(each))) continue;
    const hint = didYouMean(value, names);
    if (hint !== '') throw invalid(`where: nothing was counted for ${dimension} ${JSON.stringify(value)}${hint}`);
  }
}
