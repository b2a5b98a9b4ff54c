import type { JSX } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import type { CatalogApiJson, SpecificationInfoJson } from '../../../../gen/ostiary/v1/catalog_pb.js';
import { getResource } from '../../api/methods.ts';
import { useCall } from '../../api/use-call.ts';
import { Empty, Loading, Show } from '../../parts/states.tsx';
import { sizeText } from './overview.tsx';
import { TEXTS } from './texts.ts';

/** Drawing more takes seconds, in a frame of its own. */
const LARGE_BYTES = 300_000;
const ANSWER_MS = 20_000;

/** The specification of an API, drawn in a frame that can reach neither this page nor its reader's session. */
export function ReferenceTab({ api }: { readonly api: CatalogApiJson }): JSX.Element {
  const { specification } = api;
  const [isWanted, setWanted] = useState(false);
  if (specification === undefined) {
    return <Empty title={TEXTS.noSpecification}>{TEXTS.noSpecificationHelp}</Empty>;
  }
  const { bytes = 0 } = specification;
  if (bytes > LARGE_BYTES && !isWanted) {
    return (
      <Empty title={`This specification is large: ${sizeText(bytes)}`}>
        <p>Drawing it takes some seconds. The rest of this page goes on meanwhile.</p>
        <button type="button" class="main" onClick={() => setWanted(true)}>
          Draw it
        </button>
      </Empty>
    );
  }
  return <Specification api={api} of={specification} />;
}

function Specification({
  api,
  of: { format = '', name = '', namespace = '' },
}: {
  readonly api: CatalogApiJson;
  readonly of: SpecificationInfoJson;
}): JSX.Element {
  const found = useCall(getResource, { kind: 'Specification', namespace, name });
  return (
    <Show of={found} lines={12}>
      {({ resource }) => {
        const spec = (resource?.document as { readonly spec?: { readonly text?: unknown } } | undefined)?.spec;
        const text = typeof spec?.text === 'string' ? spec.text : '';
        const isOpenApi = format === 'openapi';
        return (
          <>
            <p class="reference-bar">
              <span class="quiet">{hintOf(isOpenApi, api.publicUrl ?? '')}</span>
              <button type="button" onClick={() => download(name, format, text)}>
                Download
              </button>
            </p>
            {isOpenApi ? (
              <Frame api={api} text={text} />
            ) : (
              <pre class="reference-text" tabIndex={0}>
                {text}
              </pre>
            )}
          </>
        );
      }}
    </Show>
  );
}

function hintOf(isOpenApi: boolean, publicUrl: string): string {
  if (!isOpenApi) return 'Shown as it is written.';
  return publicUrl === ''
    ? 'Calls can’t be tried here: the API does not say where it is reached (spec.publicUrl).'
    : `Calls that you try go to ${publicUrl}, from your browser and without your session: the API has to allow that by its CORS policy.`;
}

type State = 'coming' | 'shown' | 'failed';

function Frame({ api, text }: { readonly api: CatalogApiJson; readonly text: string }): JSX.Element {
  const frame = useRef<HTMLIFrameElement>(null);
  const [state, setState] = useState<State>('coming');
  const [problem, setProblem] = useState('');
  useEffect(() => {
    setState('coming');
    const late = setTimeout(() => setState((now) => (now === 'coming' ? 'failed' : now)), ANSWER_MS);
    const hear = (event: MessageEvent<unknown>): void => {
      const own = frame.current?.contentWindow;
      // It has no origin of its own: who it is, its window says.
      if (own === null || own === undefined || event.source !== own) return;
      const { kind, message } = Object(event.data) as { readonly kind?: unknown; readonly message?: unknown };
      if (kind === 'ready') {
        // What it gets is the specification: nothing that is its reader's alone.
        own.postMessage({ text, server: api.publicUrl ?? '', theme: themeOf() }, '*');
      }
      if (kind === 'shown') setState('shown');
      if (kind === 'failed') {
        setState('failed');
        setProblem(typeof message === 'string' ? message.slice(0, 500) : '');
      }
    };
    addEventListener('message', hear);
    return () => {
      clearTimeout(late);
      removeEventListener('message', hear);
    };
  }, [text, api.publicUrl]);
  const { name = '', namespace = '' } = api.entry ?? {};
  return (
    <>
      {state === 'coming' && <Loading lines={10} />}
      {state === 'failed' && (
        <Empty title="This specification can’t be drawn" icon="alert">
          <p>
            <bdi>{problem || 'The frame has not answered in time.'}</bdi>
          </p>
        </Empty>
      )}
      <iframe
        ref={frame}
        class={state === 'shown' ? 'reference-frame' : 'reference-frame waiting'}
        title={`${TEXTS.reference} of ${api.entry?.displayName || name}`}
        sandbox="allow-scripts allow-popups allow-popups-to-escape-sandbox allow-forms"
        referrerpolicy="no-referrer"
        src={`/reference/${encodeURIComponent(namespace)}/${encodeURIComponent(name)}`}
      />
    </>
  );
}

function themeOf(): 'light' | 'dark' {
  const { theme } = document.documentElement.dataset;
  if (theme === 'light' || theme === 'dark') return theme;
  return matchMedia('(prefers-color-scheme: dark)').matches ? 'dark' : 'light';
}

function download(name: string, format: string, text: string): void {
  const ends = /^\s*[{[]/.test(text) ? 'json' : 'yaml';
  const link = document.createElement('a');
  link.href = URL.createObjectURL(new Blob([text], { type: 'text/plain' }));
  link.download = `${name}.${format === 'openapi' || format === 'asyncapi' ? ends : 'txt'}`;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
}
