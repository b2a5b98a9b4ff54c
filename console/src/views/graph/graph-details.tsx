import type { JSX } from 'preact';
import { Icon } from '../../parts/icon.tsx';
import type { SceneEdge, SceneNode } from './scene.ts';
import { contractText, duration, edgeText, KINDS, nameOf, perSecond, TEXTS, whole } from './words.ts';

export interface GraphDetailsProps {
  readonly of: SceneNode | SceneEdge;
  readonly seconds: number;
  readonly closed: string;
  readonly hrefOf: (id: string) => string;
  readonly aroundOf: (id: string) => string;
  /** The address of its charts, and of its sampled requests. */
  readonly analyticsOf: (nodes: readonly SceneNode[]) => string;
  readonly samplesOf: (nodes: readonly SceneNode[]) => string;
}

const MOST = 8;

/** What is known of the node or the edge that is open, and where to go from it. */
export function GraphDetails(props: GraphDetailsProps): JSX.Element {
  const { of, closed } = props;
  return (
    <aside class="graph-details" aria-labelledby="graph-details-title">
      <a class="button plain square graph-close" href={closed} aria-label={TEXTS.close}>
        <Icon name="close" />
      </a>
      {'kind' in of ? <NodeDetails {...props} of={of} /> : <EdgeDetails {...props} of={of} />}
    </aside>
  );
}

function NodeDetails({
  of,
  seconds,
  hrefOf,
  aroundOf,
  analyticsOf,
  samplesOf,
}: GraphDetailsProps & { readonly of: SceneNode }): JSX.Element {
  const { kind, team, isElsewhere, incoming, outgoing, id } = of;
  return (
    <>
      <p class="quiet graph-kind">
        {KINDS[kind]}
        {team !== '' && (
          <>
            {' '}
            · {TEXTS.team} <bdi>{team}</bdi>
          </>
        )}
        {isElsewhere && ` · ${TEXTS.elsewhere}`}
      </p>
      <h2 id="graph-details-title">
        <bdi>{nameOf(of)}</bdi>
      </h2>
      <p class="graph-links">
        <a class="button" href={aroundOf(id)}>
          {TEXTS.neighbours}
        </a>
        <a class="button" href={analyticsOf([of])}>
          {TEXTS.analytics}
        </a>
        <a class="button" href={samplesOf([of])}>
          {TEXTS.samples}
        </a>
      </p>
      <Edges title={TEXTS.calledBy} edges={incoming} endOf={({ from }) => from} seconds={seconds} hrefOf={hrefOf} />
      <Edges title={TEXTS.calls} edges={outgoing} endOf={({ to }) => to} seconds={seconds} hrefOf={hrefOf} />
    </>
  );
}

interface EdgesProps {
  readonly title: string;
  readonly edges: readonly SceneEdge[];
  readonly endOf: (edge: SceneEdge) => SceneNode;
  readonly seconds: number;
  readonly hrefOf: (id: string) => string;
}

function Edges({ title, edges, endOf, seconds, hrefOf }: EdgesProps): JSX.Element | null {
  if (edges.length === 0) return null;
  const most = edges.toSorted((a, b) => b.count - a.count).slice(0, MOST);
  return (
    <>
      <h3>
        {title} {whole(edges.length)}
      </h3>
      <ul class="graph-edges">
        {most.map((edge) => (
          <li key={edge.id}>
            <a href={hrefOf(edge.id)}>
              <bdi>{nameOf(endOf(edge))}</bdi>
            </a>
            <span class={`quiet tone-${edge.tone}`}>{edgeText(edge, seconds)}</span>
          </li>
        ))}
      </ul>
      {edges.length > MOST && <p class="quiet">{TEXTS.more(whole(edges.length - MOST))}</p>}
    </>
  );
}

function EdgeDetails({
  of,
  seconds,
  hrefOf,
  analyticsOf,
  samplesOf,
}: GraphDetailsProps & { readonly of: SceneEdge }): JSX.Element {
  const { from, to, rate, p95, contracts } = of;
  return (
    <>
      <h2 id="graph-details-title">
        <a href={hrefOf(from.id)}>
          <bdi>{nameOf(from)}</bdi>
        </a>{' '}
        →{' '}
        <a href={hrefOf(to.id)}>
          <bdi>{nameOf(to)}</bdi>
        </a>
      </h2>
      <p class={`tone-${of.tone}`}>{edgeText(of, seconds)}</p>
      <p class="quiet">
        {whole(of.count)} ({perSecond(rate)}), p95 {duration(p95)}
      </p>
      <p class="graph-links">
        <a class="button" href={analyticsOf([from, to])}>
          {TEXTS.analytics}
        </a>
        <a class="button" href={samplesOf([from, to])}>
          {TEXTS.samples}
        </a>
      </p>
      {contracts.length > 0 && (
        <>
          <h3>{TEXTS.contracts}</h3>
          <ul class="graph-edges">
            {contracts.map((contract) => (
              <li key={`${contract.name} ${contract.tier}`}>
                <bdi>{contract.name}</bdi>
                <span class="quiet">
                  {contractText(contract, seconds)}
                  {Number(contract.quotaDenials ?? 0) > 0 &&
                    `, ${TEXTS.refused(whole(Number(contract.quotaDenials ?? 0)))}`}
                </span>
              </li>
            ))}
          </ul>
        </>
      )}
    </>
  );
}
