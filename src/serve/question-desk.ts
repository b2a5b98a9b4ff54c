import { systemClock as clock, systemTimers as timers } from '../clock.ts';
import type { UnaryHandler } from '../grpc/rpc.ts';
import type { AnalyticsDesk } from '../operator/analytics-desk.ts';
import type { Inspector } from '../operator/inspection.ts';
import type { AnswerQuestion } from '../sync/answering.ts';
import type { Reporting } from './reporting.ts';

/** What questions are answered from. */
export interface Asked {
  readonly inspector: Inspector;
  readonly analytics: AnalyticsDesk;
}

/** Answers what an administrator asks this sidecar by way of its control plane. */
export interface QuestionDesk {
  readonly answer: AnswerQuestion;
  /** Until then, nothing is answered. */
  open(asked: Asked): void;
}

/** Of single requests alone: counts of all sidecars are at the control plane. */
const OF_ANALYTICS = '/ostiary.v1.AnalyticsService/ListSamples';

/** @returns undefined: no control plane is followed */
export async function questionDeskOf(
  isFollowing: boolean,
  { observer }: Pick<Reporting, 'observer'>,
): Promise<QuestionDesk | undefined> {
  if (!isFollowing) return undefined;
  const { answering } = await import('../sync/answering.ts');
  const opened = Promise.withResolvers<Asked>();
  let methods: Promise<ReadonlyMap<string, UnaryHandler>> | undefined;
  return {
    open: (asked) => opened.resolve(asked),
    answer: answering({
      clock,
      timers,
      onFailure: (path, error) => observer.callFailed(path, error),
      async methodOf(path) {
        methods ??= opened.promise.then(methodsOf);
        return (await methods).get(path);
      },
    }),
  };
}

/** Loaded with the first question: the messages are large. */
async function methodsOf({ inspector, analytics }: Asked): Promise<ReadonlyMap<string, UnaryHandler>> {
  const { loadApi } = await import('../operator/load-services.ts');
  const { analyticsMethods, inspectionMethods } = await loadApi();
  const ofSamples = analyticsMethods({ desk: analytics, snapshot: () => inspector.snapshot(), clock });
  // Only who may do everything asks this way, so they may know which credential was wrong.
  const all = [
    ...inspectionMethods(inspector, { tellsWhichCredential: true }),
    ...ofSamples.filter(({ path }) => path === OF_ANALYTICS),
  ];
  return new Map(all.flatMap((method) => (method.kind === 'unary' ? [[method.path, method.handle] as const] : [])));
}
