import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { Empty } from '../../parts/states.tsx';
import { Table } from '../../parts/table.tsx';
import type { Scene, SceneEdge } from './scene.ts';
import { contractText, duration, KINDS, nameOf, percent, perSecond, shareOf, TEXTS, whole } from './words.ts';

const A_TIME = 100;

/** The same as the map, as a table: an edge is a row. */
export function GraphList({
  scene,
  seconds,
  hrefOf,
}: {
  readonly scene: Scene;
  readonly seconds: number;
  readonly hrefOf: (edge: SceneEdge) => string;
}): JSX.Element {
  const [shown, setShown] = useState(A_TIME);
  const { edges } = scene;
  return (
    <Table<SceneEdge>
      caption={TEXTS.mapLabel}
      columns={[
        { id: 'from', title: TEXTS.from, cell: ({ from }) => <End of={from} /> },
        { id: 'to', title: TEXTS.to, cell: ({ to }) => <End of={to} /> },
        { id: 'rate', title: TEXTS.rate, isNumber: true, cell: ({ rate }) => perSecond(rate) },
        {
          id: 'errors',
          title: TEXTS.errors,
          isNumber: true,
          cell: ({ errors, count }) => (errors === 0 ? '0' : percent(shareOf(errors, count))),
        },
        {
          id: 'denied',
          title: TEXTS.denied,
          isNumber: true,
          cell: ({ denials, count }) => (denials === 0 ? '0' : percent(shareOf(denials, count))),
        },
        { id: 'p95', title: 'p95', isNumber: true, isMinor: true, cell: ({ p95 }) => duration(p95) },
        {
          id: 'contracts',
          title: TEXTS.contracts,
          isMinor: true,
          cell: ({ contracts }) => <bdi>{contracts.map((contract) => contractText(contract, seconds)).join('; ')}</bdi>,
        },
      ]}
      rows={edges.slice(0, shown)}
      keyOf={({ id }) => id}
      hrefOf={hrefOf}
      empty={<Empty title={TEXTS.emptyTitle}>{TEXTS.empty}</Empty>}
      count={`${whole(Math.min(shown, edges.length))} of ${whole(edges.length)}`}
      more={shown < edges.length ? () => setShown(shown + A_TIME) : undefined}
    />
  );
}

function End({ of }: { readonly of: SceneEdge['from'] }): JSX.Element {
  return (
    <>
      <bdi class="given">{nameOf(of)}</bdi> <span class="quiet graph-kind">{KINDS[of.kind]}</span>
    </>
  );
}
