import type { JSX } from 'preact';
import type { GraphContractJson } from '../../../../gen/ostiary/v1/analytics_pb.js';
import { Empty } from '../../parts/states.tsx';
import { Table } from '../../parts/table.tsx';
import { addressWith, conditionsOf, narrowed } from './filters.ts';
import { percent, period, perSecond, whole } from './formats.ts';
import { graph } from './methods.ts';
import { secondsOf } from './series.ts';
import type { Shown } from './shown.ts';
import { TEXTS, valueText } from './texts.ts';
import { useAnswer } from './use-answer.ts';

const MOST = 12;

interface Used {
  readonly api: string;
  readonly client: string;
  readonly contract: GraphContractJson;
  /** Requests a second that the tightest limit allows; undefined: it is unlimited. */
  readonly allowed: number | undefined;
  readonly limit: string;
  readonly rate: number;
  readonly refused: number;
}

/** Contracts against the limits of their tiers: what was refused first, then what is nearest to its limit. */
export function Quota({ filters, time, round, address }: Shown): JSX.Element | null {
  const { data } = useAnswer(graph, { time, where: conditionsOf(filters), limit: 200 }, round);
  if (data === undefined) return null;
  const seconds = Math.max(1, secondsOf(data.until) - secondsOf(data.since));
  const used = (data.edges ?? [])
    .flatMap(({ from = '', to = '', contracts = [] }) =>
      contracts.map((contract) => usedOf(from, to, contract, seconds)),
    )
    .toSorted((a, b) => b.refused - a.refused || shareOf(b) - shareOf(a))
    .slice(0, MOST);
  return (
    <section class="quota" aria-labelledby="quota-title">
      <h2 id="quota-title">{TEXTS.quota}</h2>
      <p class="quiet">{TEXTS.quotaHelp}</p>
      <Table<Used>
        caption={TEXTS.quota}
        columns={[
          {
            id: 'client',
            title: TEXTS.client,
            cell: ({ client }) => <bdi class="given">{valueText('client', client)}</bdi>,
          },
          { id: 'api', title: TEXTS.api, cell: ({ api }) => <bdi class="given">{api}</bdi> },
          { id: 'tier', title: TEXTS.tier, cell: ({ contract: { tier } }) => <bdi>{tier}</bdi> },
          { id: 'limit', title: TEXTS.limit, isMinor: true, cell: ({ limit }) => limit },
          { id: 'rate', title: TEXTS.requests, isNumber: true, cell: ({ rate }) => perSecond(rate) },
          { id: 'used', title: TEXTS.used, cell: (each) => <Share of={each} /> },
          { id: 'refused', title: TEXTS.refused, isNumber: true, cell: ({ refused }) => whole(refused) },
        ]}
        rows={used}
        keyOf={({ api, client, contract: { name = '', tier = '' } }) => [api, client, name, tier].join(' ')}
        hrefOf={({ api, client }) => addressWith(address, narrowed(narrowed(filters, 'api', api), 'client', client))}
        empty={<Empty title={TEXTS.quotaEmpty} />}
      />
    </section>
  );
}

function usedOf(from: string, to: string, contract: GraphContractJson, seconds: number): Used {
  const { limits = [], count, quotaDenials } = contract;
  const rates = limits.map(({ maximumRequests, timePeriodInMilliseconds }) => {
    const [most, lengthS] = [Number(maximumRequests ?? 0), Number(timePeriodInMilliseconds ?? 1000) / 1000];
    return { rate: most / lengthS, text: `${whole(most)} a ${period(lengthS).replace(/^1 /, '')}` };
  });
  const allowed = rates.length === 0 ? undefined : Math.min(...rates.map(({ rate }) => rate));
  return {
    client: nameOf(from),
    api: nameOf(to),
    contract,
    allowed,
    limit: rates.length === 0 ? TEXTS.unlimited : rates.map(({ text }) => text).join(', '),
    rate: Number(count ?? 0) / seconds,
    refused: Number(quotaDenials ?? 0),
  };
}

/** Of the id of a node. */
function nameOf(id: string): string {
  return id.slice(id.indexOf(':') + 1);
}

function shareOf({ rate, allowed }: Used): number {
  return allowed === undefined || allowed === 0 ? 0 : rate / allowed;
}

function Share({ of }: { readonly of: Used }): JSX.Element | string {
  if (of.allowed === undefined) return '–';
  const share = shareOf(of);
  return (
    <span class="share">
      <meter class="share-bar" min={0} max={1} value={Math.min(1, share)} aria-hidden="true" />
      <span class="share-text">{percent(share)}</span>
    </span>
  );
}
