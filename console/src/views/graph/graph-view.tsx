import type { JSX } from 'preact';
import { useCallback, useEffect, useMemo, useState } from 'preact/hooks';
import { Page } from '../../parts/page.tsx';
import { Empty, Failed, Loading } from '../../parts/states.tsx';
import { here, setQuery } from '../../shell/router.ts';
import { Completeness } from '../analytics/completeness.tsx';
import { fileName, save } from '../../parts/save.ts';
import { FilterBar } from '../analytics/filter-bar.tsx';
import { addressWith, conditionsOf, filtersOf } from '../analytics/filters.ts';
import type { Filter } from '../analytics/filters.ts';
import { graph } from '../analytics/methods.ts';
import { RangeBar } from '../analytics/range-bar.tsx';
import { isoOf, rangeOf, rangeQuery, timeOf } from '../analytics/ranges.ts';
import { secondsOf } from '../analytics/series.ts';
import { useAnswer } from '../analytics/use-answer.ts';
import { askedOf } from './graph-address.ts';
import { csvOf, pngOf } from './graph-files.ts';
import { GraphDetails } from './graph-details.tsx';
import { GraphFilter } from './graph-filter.tsx';
import { GraphList } from './graph-list.tsx';
import { GraphMap } from './graph-map.tsx';
import { usePaints } from './paints.ts';
import { sceneOf } from './scene.ts';
import type { Kind, SceneEdge, SceneNode } from './scene.ts';
import { toSvg } from './svg.ts';
import { edgeText, TEXTS, whole } from './words.ts';

const DIMENSIONS: Readonly<Record<Kind, string>> = {
  client: 'client',
  api: 'api',
  service: 'service',
  workload: 'source',
};
const NARROW = '(width <= 800px)';

/** Who calls whom: filtered, laid out by the control plane, and drawn; or the same as a list. */
export default function GraphView(): JSX.Element {
  const address = here.value;
  const range = rangeOf(address.searchParams);
  const filters = filtersOf(address.searchParams);
  const asked = askedOf(address.searchParams, useNarrow());
  const { team, minRate, isOfErrors, around, steps, limit, view, chosen } = asked;
  const answer = useAnswer(graph, {
    time: timeOf(range),
    where: conditionsOf(filters),
    limit,
    team,
    minRate,
    errorsOnly: isOfErrors,
    around,
    ...(around !== '' && { steps }),
    layout: true,
  });
  const { data } = answer;
  const scene = useMemo(() => data && sceneOf(data), [data]);
  const seconds = Math.max(1, secondsOf(data?.until) - secondsOf(data?.since));
  const textOf = useCallback((edge: SceneEdge) => edgeText(edge, seconds), [seconds]);
  const paints = usePaints();
  const teams = useMemo(() => [...new Set(scene?.nodes.map((node) => node.team))], [scene]);
  const open = scene?.byId.get(chosen) ?? scene?.edges.find(({ id }) => id === chosen);
  const hrefOf = (id: string): string => addressWith(address, filters, { sel: id });
  const elsewhere = (path: string) => (nodes: readonly SceneNode[]) => {
    const more = nodes.map(({ kind, name }): Filter => ({
      dimension: DIMENSIONS[kind],
      value: name,
      isExcluded: false,
    }));
    return addressWith(new URL(path, address), [...filters, ...more], rangeQuery(range));
  };
  const name = fileName('graph', isoOf(secondsOf(data?.since) * 1000));
  return (
    <Page
      title={TEXTS.title}
      lead={TEXTS.lead}
      actions={
        scene !== undefined &&
        scene.edges.length > 0 && (
          <div class="graph-save" role="group" aria-label={TEXTS.save}>
            <button type="button" onClick={() => save(`${name}.svg`, 'image/svg+xml', toSvg(scene, paints, textOf))}>
              SVG
            </button>
            <button
              type="button"
              onClick={() =>
                void pngOf(scene, paints, textOf).then((png) => png && save(`${name}.png`, 'image/png', png))
              }
            >
              PNG
            </button>
            <button type="button" onClick={() => save(`${name}.csv`, 'text/csv', csvOf(scene, seconds))}>
              CSV
            </button>
          </div>
        )
      }
    >
      <div class="analytics-controls">
        <RangeBar range={range} />
        <div class="ranges" role="group" aria-label={TEXTS.title}>
          {(['map', 'list'] as const).map((each) => (
            <a
              key={each}
              class="range"
              href={addressWith(address, filters, { view: each })}
              aria-current={view === each ? 'true' : undefined}
            >
              {TEXTS[each]}
            </a>
          ))}
        </div>
      </div>
      <FilterBar filters={filters} range={range} />
      <GraphFilter asked={asked} teams={teams} />
      {data === undefined || scene === undefined ? (
        answer.error === undefined ? (
          <Loading lines={10} />
        ) : (
          <Failed error={answer.error} retry={answer.reload} />
        )
      ) : (
        <div class={answer.isOld ? 'analytics old' : 'analytics'} aria-busy={answer.isOld}>
          {answer.error !== undefined && <Failed error={answer.error} retry={answer.reload} isBeside />}
          <div class="analytics-known">
            <Completeness of={data.completeness} />
            <span class="quiet">
              {TEXTS.drawn(whole(scene.nodes.length), whole(scene.edges.length))}{' '}
              {Number(data.omitted ?? 0) > 0 && TEXTS.omitted(whole(Number(data.omitted)))}
            </span>
          </div>
          {scene.edges.length === 0 ? (
            <Empty title={TEXTS.emptyTitle}>{TEXTS.empty}</Empty>
          ) : (
            <div class={open === undefined ? 'graph-body' : 'graph-body opened'}>
              {view === 'list' ? (
                <GraphList scene={scene} seconds={seconds} hrefOf={({ id }) => hrefOf(id)} />
              ) : (
                <div class="graph-drawing">
                  <GraphMap
                    scene={scene}
                    paints={paints}
                    textOf={textOf}
                    chosen={chosen}
                    onChoose={(id) => setQuery({ sel: id }, chosen === '' ? 'push' : 'replace')}
                  />
                  <Legend />
                </div>
              )}
              {open !== undefined && (
                <GraphDetails
                  of={open}
                  seconds={seconds}
                  closed={addressWith(address, filters, { sel: undefined })}
                  hrefOf={hrefOf}
                  aroundOf={(id) => addressWith(address, filters, { around: id, sel: undefined })}
                  analyticsOf={elsewhere('/analytics')}
                  samplesOf={elsewhere('/analytics/requests')}
                />
              )}
            </div>
          )}
        </div>
      )}
    </Page>
  );
}

/** A phone that is turned, or a window that is drawn wider, shows the map. */
function useNarrow(): boolean {
  const [isNarrow, setNarrow] = useState(() => matchMedia(NARROW).matches);
  useEffect(() => {
    const narrow = matchMedia(NARROW);
    const read = (): void => setNarrow(narrow.matches);
    read();
    narrow.addEventListener('change', read);
    return () => narrow.removeEventListener('change', read);
  }, []);
  return isNarrow;
}

function Legend(): JSX.Element {
  return (
    <ul class="graph-legend quiet">
      {(['good', 'denied', 'failing'] as const).map((tone) => (
        <li key={tone}>
          <i class={`graph-line ${tone}`} />
          {TEXTS.legend[tone]}
        </li>
      ))}
    </ul>
  );
}
