import { Outcome, PolicyStep_Mode as Mode, PolicyStep_Result as Result } from '../../gen/ostiary/v1/inspection_pb.js';
import type { Counter, ExplainResponse, PolicyStep } from '../../gen/ostiary/v1/inspection_pb.js';

/** An explanation as text for an operator. */
export function formatExplanation({ verdict, api, steps, snapshotVersion }: ExplainResponse): string {
  const lines = [
    outcomeText(verdict),
    `  api       ${api === '' ? 'none' : api}`,
    `  snapshot  ${snapshotVersion}`,
    ...steps.flatMap((step, index) => stepLines(step, index + 1)),
  ];
  return `${lines.join('\n')}\n`;
}

function outcomeText(verdict: ExplainResponse['verdict']): string {
  if (verdict?.outcome === Outcome.ALLOW) return 'allow';
  if (verdict?.outcome === Outcome.ANSWER) return `answer ${verdict.httpStatus}  by ${verdict.policy}`;
  return `deny ${verdict?.httpStatus}  ${verdict?.reason}: ${verdict?.detail}`;
}

const RESULTS: Readonly<Record<Result, string>> = {
  [Result.UNSPECIFIED]: 'unknown',
  [Result.ALLOW]: 'allow',
  [Result.DENY]: 'deny',
  [Result.NOT_APPLICABLE]: 'does not apply',
  [Result.NOT_REACHED]: 'not reached',
  [Result.FAILED]: 'failed',
  [Result.ANSWER]: 'answers the request',
};

function stepLines(step: PolicyStep, place: number): readonly string[] {
  const shadow = step.mode === Mode.SHADOW ? ' (shadow)' : '';
  const lines = [`  ${place}. ${step.name}  ${step.policy}${shadow}: ${RESULTS[step.result]}`];
  if (step.reason !== '') lines.push(`       ${step.reason}: ${step.detail}`);
  else if (step.detail !== '') lines.push(`       ${step.detail}`);
  if (step.client !== undefined) {
    const { id, name, contract, tier } = step.client;
    const parts = [`client ${name} (${id})`, contract && `contract ${contract}`, tier && `tier ${tier}`];
    lines.push(`       ${parts.filter(Boolean).join(', ')}`);
  }
  for (const counter of step.counters) lines.push(`       ${counterText(counter)}`);
  return lines;
}

function counterText({ name, limit, windowMs, remainingBefore, remainingAfter, resetMs }: Counter): string {
  const title = name === '' ? 'limit' : `limit ${name}`;
  const change = remainingBefore === remainingAfter ? `${remainingBefore}` : `${remainingBefore} -> ${remainingAfter}`;
  const reset = resetMs === 0n ? 'no window open' : `window ends in ${resetMs} ms`;
  return `${title} ${limit} in ${windowMs} ms: remaining ${change}, ${reset}`;
}
