import type { JSX } from 'preact';
import type { CounterJson, ExplainResponseJson, PolicyStepJson } from '../../../../gen/ostiary/v1/inspection_pb.js';
import { Badge, Code, Given } from '../../parts/small.tsx';
import type { Tone } from '../../parts/small.tsx';
import { duration, whole } from '../analytics/formats.ts';
import { valueText } from '../analytics/texts.ts';
import { apiAddress } from '../own/addresses.ts';
import type { CurlRequest } from './curl.ts';

const RESULTS: Readonly<Record<string, readonly [text: string, tone: Tone]>> = {
  RESULT_ALLOW: ['allows', 'good'],
  RESULT_DENY: ['denies', 'bad'],
  RESULT_NOT_APPLICABLE: ['does not apply', 'plain'],
  RESULT_NOT_REACHED: ['not reached', 'plain'],
  RESULT_FAILED: ['failed', 'bad'],
  RESULT_ANSWER: ['answers', 'warning'],
};
const OUTCOMES: Readonly<Record<string, readonly [text: string, tone: Tone]>> = {
  OUTCOME_ALLOW: ['It is let through', 'good'],
  OUTCOME_DENY: ['It is refused', 'bad'],
  OUTCOME_ANSWER: ['A policy answers it itself', 'warning'],
};

export interface DecisionProps {
  readonly response: ExplainResponseJson;
  /** The sidecar that has decided. */
  readonly node: string;
  readonly request: CurlRequest;
}

/** How a request is decided, step by step. */
export function Decision({ node, request, response }: DecisionProps): JSX.Element {
  const { answer, api = '', snapshotVersion = '', steps = [], verdict = {} } = response;
  const { detail, httpStatus = 0, outcome = '', policy = '', reason = '' } = verdict;
  const [text, tone] = OUTCOMES[outcome] ?? ['It is not known what becomes of it', 'plain'];
  const [namespace, name] = api.includes('/') ? (api.split('/') as [string, string]) : ['default', api];
  return (
    <section class={`ops-verdict ${tone}`} aria-label="The decision">
      <h2>
        {text}
        {httpStatus > 0 && <span class="ops-status"> with {httpStatus}</span>}
        {reason !== '' && <span class="ops-reason">: {valueText('reason', reason)}</span>}
      </h2>
      {detail && (
        <p>
          <bdi>{detail}</bdi>
        </p>
      )}
      <p class="quiet ops-meta">
        {api === '' ? (
          'No API matches this address.'
        ) : (
          <>
            API{' '}
            <a href={apiAddress(namespace, name)}>
              <bdi>{api}</bdi>
            </a>
          </>
        )}
        {policy !== '' && (
          <>
            {', '}by <Given text={policy} />
          </>
        )}
        , at{' '}
        <a href={`/sidecars/${encodeURIComponent(node)}`}>
          <bdi>{node}</bdi>
        </a>
        {snapshotVersion !== '' && (
          <>
            , snapshot <code title={snapshotVersion}>{snapshotVersion.slice(0, 12)}</code>
          </>
        )}
      </p>
      {steps.length > 0 && (
        <ol class="ops-steps">
          {steps.map((step, at) => (
            <Step key={at} of={step} isDecisive={step.name === policy && policy !== ''} />
          ))}
        </ol>
      )}
      <details>
        <summary>What was asked, and what Envoy would be answered</summary>
        <Code text={headersText(request)} label="The request" />
        <Code text={JSON.stringify(answer ?? {}, undefined, 2)} label="The answer to Envoy" />
      </details>
    </section>
  );
}

function Step({ isDecisive, of }: { readonly of: PolicyStepJson; readonly isDecisive: boolean }): JSX.Element {
  const { client, counters = [], detail, mode, name = '', policy = '', reason = '', result = '' } = of;
  const [text, tone] = RESULTS[result] ?? ['not known', 'plain'];
  const isShadow = mode === 'MODE_SHADOW';
  const isQuiet = result === 'RESULT_NOT_REACHED' || result === 'RESULT_NOT_APPLICABLE';
  return (
    <li class={[isDecisive ? 'decisive' : '', isQuiet ? 'not-reached' : ''].filter(Boolean).join(' ') || undefined}>
      <p class="ops-step-head">
        <strong>
          <Given text={policy || name} />
        </strong>{' '}
        <Badge tone={isShadow ? 'plain' : tone}>
          {isShadow && result === 'RESULT_DENY' ? 'would deny' : text}
          {reason !== '' && `: ${valueText('reason', reason)}`}
        </Badge>
        {isShadow && <Badge>shadow</Badge>}
        <span class="quiet ops-step-name">{name !== policy && <Given text={name} />}</span>
      </p>
      {detail && (
        <p class="ops-step-detail">
          <bdi>{detail}</bdi>
        </p>
      )}
      {client !== undefined && (client.id ?? client.name) !== undefined && (
        <p class="quiet">
          Client <Given text={client.name || client.id} />
          {client.contract && (
            <>
              , contract <Given text={client.contract} />
            </>
          )}
          {client.tier && (
            <>
              , tier <Given text={client.tier} />
            </>
          )}
        </p>
      )}
      {counters.map((counter, at) => (
        <CounterLine key={at} of={counter} />
      ))}
    </li>
  );
}

export function CounterLine({ of }: { readonly of: CounterJson }): JSX.Element {
  const [limit, before, after] = [of.limit, of.remainingBefore, of.remainingAfter].map((value) =>
    Number(value ?? 0),
  ) as [number, number, number];
  const resetMs = Number(of.resetMs ?? 0);
  return (
    <p class="ops-counter">
      <progress value={Math.max(0, limit - after)} max={Math.max(1, limit)} aria-label="Spent" />
      <span>
        {of.name && (
          <>
            <Given text={of.name} />:{' '}
          </>
        )}
        <strong>{whole(after)}</strong> of {whole(limit)} left in {duration(Number(of.windowMs ?? 0))}
        {before !== after && <span class="quiet"> ({whole(before)} before)</span>}
        <span class="quiet">{resetMs > 0 ? `, anew in ${duration(resetMs)}` : ', no window is open'}</span>
      </span>
    </p>
  );
}

function headersText({ headers, host, method, path }: CurlRequest): string {
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${name === 'authorization' ? '…' : value}`);
  return [`${method} ${path}`, `host: ${host}`, ...lines].join('\n');
}
