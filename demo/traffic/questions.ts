import type { Callers } from './callers.ts';

/** What somebody wants to know of the hour, and how it is asked. */
export interface Question {
  readonly asks: string;
  /** Behind `ostiary analytics`. */
  readonly line: string;
  /** What the answer tells. Its numbers are those that callers saw. */
  tells(this: void, seen: Callers): string;
  /** What must be in the answer, or else the story is not true. */
  shows(this: void, seen: Callers): readonly RegExp[];
}

const SINCE = '--since 3m';

export const questions: readonly Question[] = [
  {
    asks: 'Who calls, and how does it end for them?',
    line: `top --by client ${SINCE}`,
    tells: (seen) =>
      `partner-import is refused ${tellOf(seen, { client: 'partner-import', status: 429 })} of ${tellOf(seen, { client: 'partner-import' })} times. ` +
      `There are errors: ${tellOf(seen, { status: 500 })} answers are a 500. The dash is for callers that need not say who they are, or could not.`,
    shows: (seen) => [row('partner-import', seen.count({ client: 'partner-import' })), row('all', seen.count())],
  },
  {
    asks: 'partner-import complains: why is it refused?',
    line: `samples --client partner-import --reason quota_spent --limit 1 ${SINCE}`,
    tells: (seen) =>
      `Its tier has 30 orders a minute, and they were spent. Its own log has ${tellOf(seen, { client: 'partner-import', status: 429 })} ` +
      'answers 429. The limit works; the partner needs another tier, or a slower job.',
    shows: () => [/ 429 in /, /quota of orders\/quota is spent/],
  },
  {
    asks: 'When did orders fail?',
    line: `query --api orders --step 10s ${SINCE}`,
    tells: () => 'For a fifth of the hour. Before and after there is none.',
    shows: (seen) => [row('total', seen.count({ api: 'orders' }))],
  },
  {
    asks: 'Is it a caller or the service?',
    line: `query --where status=5xx --by service,client ${SINCE}`,
    tells: (seen) =>
      `All ${tellOf(seen, { status: 500 })} come from orders-v7, whoever calls: the new version. Its callers did nothing wrong.`,
    shows: (seen) => [row('total', seen.count({ status: 500 }) + seen.count({ status: 503 })), /orders-v7/],
  },
  {
    asks: 'What is slow?',
    line: `top --by route --rank-by duration ${SINCE}`,
    tells: () => 'The search, by far. No path or query string is kept: routes are the templates that the API has.',
    shows: () => [/^1 +\/catalog\/search /m],
  },
  {
    asks: 'Do callers wait for it?',
    line: `query --api catalog --by route,status ${SINCE}`,
    tells: (seen) =>
      `They don't: ${tellOf(seen, { api: 'catalog', status: 0 })} searches have status 0, since the caller left before the answer. ` +
      'The log of the service has none of that.',
    // On a busy machine some leave before the decision: what they asked for is then not known, and they stand under no API.
    shows: () => [/^\/catalog\/search +0 /m],
  },
  {
    asks: 'Somebody says that paying fails. Who is refused, and why?',
    line: `samples --api payments --reason client_rejected --limit 1 ${SINCE}`,
    tells: (seen) =>
      `loyalty-app has no contract with payments. It got ${tellOf(seen, { client: 'loyalty-app' })} answers 401, which tell it no reason; ` +
      'its operator reads it here.',
    shows: () => [/client application loyalty-app has no contract with payments/],
  },
  {
    asks: 'Is there a door that nobody watches?',
    line: `query --where outcome=unchecked --by service ${SINCE}`,
    tells: (seen) =>
      `${tellOf(seen, { api: 'stock' })} requests reached stock-v1 by a route on which somebody has switched ostiary off. The log warns of it too.`,
    shows: (seen) => [row('stock-v1', seen.count({ api: 'stock' }))],
  },
  {
    asks: 'Who depends on whom?',
    line: `graph ${SINCE}`,
    tells: () => 'With -o mermaid or -o dot it is a drawing, for a wiki or for Graphviz.',
    shows: (seen) => [row('web-shop +→ payments', seen.count({ api: 'payments', client: 'web-shop' }))],
  },
  {
    asks: 'Is any of it missing?',
    line: `query --by outcome ${SINCE}`,
    tells: (seen) =>
      `Callers sent ${tellOf(seen, {})} requests, and as many are counted. The last line of every answer says of how ` +
      'many decisions Envoy has told the end. If it could not tell of some, it would say how many.',
    shows: (seen) => [row('total', seen.count()), /^100\.00 % of [\d,]+ decisions reported(?:; \d+ under way)?$/m],
  },
];

function tellOf(seen: Callers, which: Parameters<Callers['count']>[0]): string {
  return numberText(seen.count(which));
}

function numberText(count: number): string {
  return count.toLocaleString('en-US');
}

/** A row of a table that begins so (behind its rank), and its first number after texts and shares. */
function row(begins: string, count: number): RegExp {
  const escaped = begins.replaceAll(/[{}/]/g, '\\$&');
  return new RegExp(`^(?:\\d* +)?${escaped} +(?:[\\d.]+ % +)?${numberText(count)}(?= |$)`, 'm');
}
