import type { JSX } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import type { ExplainResponseJson } from '../../../../gen/ostiary/v1/inspection_pb.js';
import type { SampleJson } from '../../../../gen/ostiary/v1/analytics_pb.js';
import { call, callErrorOf } from '../../api/call.ts';
import type { CallError } from '../../api/call.ts';
import { getResource } from '../../api/methods.ts';
import { useCall } from '../../api/use-call.ts';
import { Page } from '../../parts/page.tsx';
import { Field } from '../../parts/small.tsx';
import { Empty, Failed, Show } from '../../parts/states.tsx';
import { here } from '../../shell/router.ts';
import { listSamples } from '../analytics/methods.ts';
import { Explained } from '../analytics/sample.tsx';
import { useAnswer } from '../analytics/use-answer.ts';
import { checkOf, curlOf } from './check-of.ts';
import { parsedCurl } from './curl.ts';
import type { CurlRequest, ParsedCurl } from './curl.ts';
import { Decision } from './decision.tsx';
import { askSidecar, listSidecars } from './methods.ts';
import { chosenNode, SidecarSelect } from './sidecar-select.tsx';
import { TEXTS } from './texts.ts';

const DAY = '86400s';
/** What was pasted, for whoever comes back to the page. It has credentials: it is never in the address. */
let lastLine = '';

/** Why a request is decided as it is. */
export default function ExplainView(): JSX.Element {
  const id = here.value.searchParams.get('id') ?? '';
  const sidecars = useCall(listSidecars, {});
  const samples = useAnswer(listSamples, id === '' ? undefined : { time: { last: DAY }, id, limit: 1 });
  const sample = samples.data?.samples?.[0];
  return (
    <Page title={TEXTS.explain} lead={TEXTS.explainLead}>
      {sample !== undefined && (
        <section>
          <h2>{TEXTS.recorded}</h2>
          <Explained sample={sample} closed="/explain" />
          <p class="quiet">{TEXTS.recordedHelp}</p>
        </section>
      )}
      {id !== '' && samples.data !== undefined && sample === undefined && <p class="ops-note">{TEXTS.noSample}</p>}
      {samples.error !== undefined && <Failed error={samples.error} retry={samples.reload} isBeside />}
      <Show of={sidecars}>
        {({ sidecars: all = [] }) =>
          all.length === 0 ? (
            <Empty title={TEXTS.noSidecars}>
              <p>{TEXTS.noSidecarsHelp}</p>
              <a class="button" href="/sidecars">
                {TEXTS.sidecars}
              </a>
            </Empty>
          ) : (
            <>
              <Question
                key={sample?.id}
                sample={sample}
                node={chosenNode(all)}
                select={<SidecarSelect id="explain-node" sidecars={all} />}
              />
            </>
          )
        }
      </Show>
    </Page>
  );
}

interface QuestionProps {
  readonly sample: SampleJson | undefined;
  readonly node: string;
  readonly select: JSX.Element;
}

interface Answer {
  readonly response: ExplainResponseJson;
  readonly node: string;
  readonly request: CurlRequest;
}

function Question({ node, sample, select }: QuestionProps): JSX.Element {
  const begun = useBeginning(sample);
  const [typed, setTyped] = useState<string | undefined>(
    sample === undefined && lastLine !== '' ? lastLine : undefined,
  );
  const [address, setAddress] = useState(sample?.clientAddress?.replace(/\/\d+$/, '') || '127.0.0.1');
  const [answer, setAnswer] = useState<Answer>();
  const [error, setError] = useState<CallError>();
  const [isBusy, setBusy] = useState(false);
  const line = typed ?? begun;
  const parsed = parsedCurl(line);
  const ask = async (): Promise<void> => {
    if (parsed.request === undefined || isBusy) return;
    const { request } = parsed;
    setBusy(true);
    setError(undefined);
    try {
      const { explain = {} } = await call(askSidecar, {
        node,
        explain: { check: checkOf(request, address, Date.now()) },
      });
      setAnswer({ response: explain, node, request });
    } catch (reason) {
      setError(callErrorOf(reason));
    } finally {
      setBusy(false);
    }
  };
  return (
    <>
      <form
        class="ops-question"
        onSubmit={(event) => {
          event.preventDefault();
          void ask();
        }}
      >
        <Field
          label={TEXTS.line}
          id="explain-line"
          help={TEXTS.lineHelp}
          fault={line.trim() === '' ? undefined : parsed.fault}
        >
          <textarea
            id="explain-line"
            class="yaml"
            rows={5}
            spellcheck={false}
            autocomplete="off"
            value={line}
            placeholder="curl https://api.example.com/orders/7 -H 'authorization: Bearer …'"
            aria-describedby="explain-line-help explain-line-fault"
            onInput={({ currentTarget }) => {
              lastLine = currentTarget.value;
              setTyped(currentTarget.value);
            }}
            onKeyDown={(event) => {
              if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) void ask();
            }}
          />
        </Field>
        <Reading of={parsed} />
        <div class="ops-row">
          {select}
          <Field label={TEXTS.from} id="explain-from">
            <input id="explain-from" value={address} onInput={({ currentTarget }) => setAddress(currentTarget.value)} />
          </Field>
          <button type="submit" class="main" disabled={isBusy || parsed.request === undefined || node === ''}>
            {TEXTS.ask}
          </button>
        </div>
      </form>
      {error !== undefined && <Failed error={error} retry={() => void ask()} isBeside />}
      <Answered of={answer} />
    </>
  );
}

/** The answer, which a screen reader goes to. */
function Answered({ of }: { readonly of: Answer | undefined }): JSX.Element | null {
  const element = useRef<HTMLDivElement>(null);
  useEffect(() => {
    element.current?.focus();
    element.current?.scrollIntoView({ block: 'nearest' });
  }, [of]);
  if (of === undefined) return null;
  return (
    <div ref={element} tabIndex={-1} class="ops-answer">
      <Decision {...of} />
    </div>
  );
}

/** The request that was read out of the line, and what was not. */
function Reading({ of: { notes, request } }: { readonly of: ParsedCurl }): JSX.Element | null {
  if (request === undefined) return null;
  return (
    <div class="ops-reading">
      <p>
        <strong>
          <bdi>{request.method}</bdi>
        </strong>{' '}
        <bdi class="given">
          {request.scheme}://{request.host}
          {request.path}
        </bdi>{' '}
        <span class="quiet">with {Object.keys(request.headers).length} headers</span>
      </p>
      {notes.length > 0 && (
        <ul>
          {notes.map((note) => (
            <li key={note}>
              <bdi>{note}</bdi>
            </li>
          ))}
        </ul>
      )}
    </div>
  );
}

/** A line to begin with: of a request that is kept, with the host of its API. */
function useBeginning(sample: SampleJson | undefined): string {
  const [namespace, name] = sample?.api?.includes('/') === true ? sample.api.split('/') : ['default', sample?.api];
  const known = namespace !== undefined && name !== undefined && name !== '';
  const found = useCall(getResource, known ? { kind: 'Api', namespace, name } : undefined);
  if (sample === undefined) return '';
  const { spec } = (found.data?.resource?.document ?? {}) as { readonly spec?: { readonly hosts?: readonly string[] } };
  return curlOf(sample, spec?.hosts?.[0] ?? 'api.example.com');
}
