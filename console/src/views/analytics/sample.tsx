import type { JSX } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import type { SampleJson, SampleStepJson } from '../../../../gen/ostiary/v1/analytics_pb.js';
import { Icon } from '../../parts/icon.tsx';
import { Badge, Code } from '../../parts/small.tsx';
import type { Tone } from '../../parts/small.tsx';
import { bytes, duration } from './formats.ts';
import { Outcome } from './outcome.tsx';
import { here } from '../../shell/router.ts';
import { isOperator } from '../../shell/navigation.ts';
import { TEXTS, valueText } from './texts.ts';

const TONES: Readonly<Record<string, Tone>> = {
  RESULT_ALLOW: 'good',
  RESULT_DENY: 'bad',
  RESULT_FAILED: 'bad',
  RESULT_ANSWER: 'warning',
};

/** Fields of a sample that are shown as they are, with their titles. */
const FIELDS: readonly (readonly [title: string, valueOf: (sample: SampleJson) => string | undefined])[] = [
  [TEXTS.api, ({ api, apiVersion }) => [api, apiVersion].filter(Boolean).join(' ')],
  [TEXTS.client, ({ client, clientId }) => [client, clientId && `(${clientId})`].filter(Boolean).join(' ')],
  ['Contract', ({ contract, tier }) => [contract, tier && `(${tier})`].filter(Boolean).join(' ')],
  ['Duration', (sample) => timesOf(sample)],
  ['Size', ({ requestBytes, responseBytes }) => `${size(requestBytes)} in, ${size(responseBytes)} out`],
  ['From', ({ clientAddress, userAgent }) => [clientAddress, userAgent].filter(Boolean).join(', ')],
  ['Workload', ({ source }) => source],
  ['Envoy', ({ destination }) => destination],
  ['Service', ({ service, upstreamHost }) => [service, upstreamHost].filter(Boolean).join(', ')],
  ['Flags of Envoy', ({ responseFlags, details }) => [...(responseFlags ?? []), details].filter(Boolean).join(', ')],
  ['Shadow policies would', ({ shadow }) => shadow?.join(', ')],
  ['Trace', ({ traceId }) => traceId],
];

/** One request: how it ended, each step of its decision, and what to quote when asking somebody about it. */
export function Explained({ sample, closed }: { readonly sample: SampleJson; readonly closed: string }): JSX.Element {
  const { method = '', route = '', status = 0, policy = '', reason = '', steps = [], requestId, id = '' } = sample;
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    heading.current?.focus();
    heading.current?.scrollIntoView({ block: 'nearest' });
  }, [id]);
  const known = FIELDS.map(([title, valueOf]) => [title, valueOf(sample) ?? ''] as const);
  return (
    <section class="explained" aria-labelledby="explained-title">
      <header class="explained-head">
        <h2 id="explained-title" ref={heading} tabIndex={-1}>
          <bdi>
            {method} {route}
          </bdi>{' '}
          {valueText('status', String(status))}
        </h2>
        <Outcome of={sample} />
        {policy !== '' && reason !== '' && (
          <span class="quiet">
            {TEXTS.policy} <bdi>{policy}</bdi>
          </span>
        )}
        {isOperator() && here.value.pathname !== '/explain' && (
          <a href={`/explain?id=${encodeURIComponent(id)}`}>{TEXTS.explainNow}</a>
        )}
        <a class="button plain square explained-close" href={closed} aria-label={TEXTS.closePoint}>
          <Icon name="close" />
        </a>
      </header>
      <h3>{TEXTS.decision}</h3>
      {steps.length === 0 ? (
        <p class="quiet">{TEXTS.noSteps}</p>
      ) : (
        <ol class="steps">
          {steps.map((step, at) => (
            <Step key={at} of={step} />
          ))}
        </ol>
      )}
      <h3>{TEXTS.details}</h3>
      <dl class="explained-fields">
        {known.map(
          ([title, value]) =>
            value !== '' && (
              <div key={title}>
                <dt>{title}</dt>
                <dd>
                  <bdi class="given">{value}</bdi>
                </dd>
              </div>
            ),
        )}
      </dl>
      {requestId !== undefined && requestId !== '' && (
        <>
          <h3>{TEXTS.requestId}</h3>
          <Code text={requestId} label={TEXTS.requestId} />
        </>
      )}
    </section>
  );
}

function Step({ of }: { readonly of: SampleStepJson }): JSX.Element {
  const { name = '', policy = '', result = 'RESULT_UNSPECIFIED', reason = '', mode, durationMs, detail = '' } = of;
  const isShadow = mode === 'MODE_SHADOW';
  return (
    <li class="step">
      <span class="step-name">
        <bdi class="given">{name}</bdi> <span class="quiet">{policy !== name && policy}</span>
      </span>
      <Badge tone={isShadow ? 'plain' : (TONES[result] ?? 'plain')}>
        {result
          .replace(/^RESULT_/, '')
          .toLowerCase()
          .replaceAll('_', ' ')}
        {reason !== '' && `: ${valueText('reason', reason)}`}
        {isShadow && ` (${TEXTS.shadow})`}
      </Badge>
      <span class="step-time quiet">{duration(Number(durationMs ?? 0))}</span>
      {detail !== '' && (
        <p class="step-detail quiet">
          <bdi>{detail}</bdi>
        </p>
      )}
    </li>
  );
}

function size(value: string | undefined): string {
  return bytes(Number(value ?? 0));
}

function timesOf({ durationMs, upstreamMs, policyMs }: SampleJson): string {
  const known = [
    durationMs !== undefined && duration(Number(durationMs)),
    upstreamMs !== undefined && `upstream ${duration(Number(upstreamMs))}`,
    policyMs !== undefined && `policies ${duration(Number(policyMs))}`,
  ];
  return known.filter((part) => part !== false).join(', ');
}
