import type { JSX } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import type { SampleJson } from '../../../../gen/ostiary/v1/analytics_pb.js';
import { call, callErrorOf } from '../../api/call.ts';
import type { CallError } from '../../api/call.ts';
import { Page } from '../../parts/page.tsx';
import { Given } from '../../parts/small.tsx';
import { Empty, Failed, Loading } from '../../parts/states.tsx';
import { Table } from '../../parts/table.tsx';
import { here, setQuery } from '../../shell/router.ts';
import { listSamples } from '../analytics/methods.ts';
import { Outcome } from '../analytics/outcome.tsx';
import { valueText } from '../analytics/texts.ts';
import { joined, tailRequest } from './tail.ts';
import { LIVE } from './texts.ts';

const EVERY_MS = 2000;
const TIME = new Intl.DateTimeFormat(undefined, { timeStyle: 'medium' });
const FIELDS = ['api', 'client', 'reason'] as const;

/** Refused requests as they come, each with why. */
export default function LiveView(): JSX.Element {
  const query = here.value.searchParams;
  const filter = FIELDS.map((name) => query.get(name) ?? '').join('\n');
  const [samples, setSamples] = useState<readonly SampleJson[]>();
  const [error, setError] = useState<CallError>();
  const [isPaused, setPaused] = useState(false);
  const newest = useRef<readonly SampleJson[]>([]);
  useEffect(() => {
    newest.current = [];
    setSamples(undefined);
  }, [filter]);
  useEffect(() => {
    if (isPaused) return undefined;
    const leaving = new AbortController();
    const ask = async (): Promise<void> => {
      while (!leaving.signal.aborted) {
        if (document.visibilityState === 'visible') {
          try {
            const request = tailRequest(here.value.searchParams, newest.current[0]?.received, Date.now());
            const { samples: found = [] } = await call(listSamples, request, leaving.signal);
            newest.current = joined(newest.current, found);
            setSamples(newest.current);
            setError(undefined);
          } catch (reason) {
            if (!leaving.signal.aborted) setError(callErrorOf(reason));
          }
        }
        await new Promise((resolve) => setTimeout(resolve, EVERY_MS));
      }
    };
    void ask();
    return () => leaving.abort();
  }, [isPaused, filter]);
  useEffect(() => {
    const pause = (event: KeyboardEvent): void => {
      const { target } = event;
      if (event.key !== 'p' || event.ctrlKey || event.metaKey || event.altKey) return;
      if (target instanceof Element && target.closest('input, textarea, select, dialog') !== null) return;
      setPaused((before) => !before);
    };
    addEventListener('keydown', pause);
    return () => removeEventListener('keydown', pause);
  }, []);
  const isFiltered = filter.trim() !== '';
  return (
    <Page
      title={LIVE.title}
      lead={LIVE.lead}
      actions={
        <button type="button" aria-pressed={isPaused} aria-keyshortcuts="p" onClick={() => setPaused(!isPaused)}>
          {isPaused ? LIVE.goOn : LIVE.pause} <kbd aria-hidden="true">p</kbd>
        </button>
      }
    >
      <form
        key={filter}
        class="ops-audit-filters"
        role="search"
        aria-label="Filter"
        onSubmit={(event) => event.preventDefault()}
      >
        {FIELDS.map((name) => (
          <label key={name}>
            <span>{LIVE.filters[name]}</span>
            <input
              name={name}
              defaultValue={query.get(name) ?? ''}
              placeholder={LIVE.examples[name]}
              autocomplete="off"
              onChange={({ currentTarget }) => setQuery({ [name]: currentTarget.value.trim() })}
            />
          </label>
        ))}
        <p class={isPaused ? 'ops-live paused' : 'ops-live'} role="status">
          {isPaused ? LIVE.paused : LIVE.running}
        </p>
      </form>
      {error !== undefined && <Failed error={error} isBeside={samples !== undefined} />}
      {samples === undefined && error === undefined && <Loading />}
      {samples !== undefined && (
        <Table<SampleJson>
          caption={LIVE.title}
          rows={samples}
          keyOf={({ id, received }) => `${id} ${received}`}
          hrefOf={({ id = '' }) => `/explain?id=${encodeURIComponent(id)}`}
          columns={[
            {
              id: 'when',
              title: 'When',
              cell: ({ received }) => (
                <time dateTime={received}>{received === undefined ? '' : TIME.format(new Date(received))}</time>
              ),
            },
            {
              id: 'request',
              title: 'Request',
              cell: ({ method = '', route = '' }) => <Given text={`${method} ${route}`} />,
            },
            { id: 'status', title: 'Status', isNumber: true, cell: ({ status = 0 }) => status },
            { id: 'reason', title: 'Why', cell: (sample) => <Outcome of={sample} /> },
            { id: 'api', title: 'API', isMinor: true, cell: ({ api }) => <Given text={api} /> },
            {
              id: 'client',
              title: 'Client',
              isMinor: true,
              cell: ({ client = '' }) => <Given text={valueText('client', client)} />,
            },
            { id: 'from', title: 'From', isMinor: true, cell: ({ clientAddress }) => <Given text={clientAddress} /> },
          ]}
          empty={<Empty title={isFiltered ? LIVE.noneFound : LIVE.none}>{LIVE.noneHelp}</Empty>}
        />
      )}
    </Page>
  );
}
