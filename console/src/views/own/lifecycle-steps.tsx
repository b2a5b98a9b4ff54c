import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { ResourceJson } from '../../../../gen/ostiary/v1/resources_pb.js';
import { call, callErrorOf } from '../../api/call.ts';
import { applyResources, listResources } from '../../api/methods.ts';
import { forgetAnswers, useCall } from '../../api/use-call.ts';
import { Dialog } from '../../parts/dialog.tsx';
import { Field, Given } from '../../parts/small.tsx';
import { toast } from '../../parts/toasts.tsx';
import { TEXTS as SHARED } from '../../texts.ts';
import { qualified } from './addresses.ts';
import { queryRequests } from './own-methods.ts';
import { proposal } from './proposing.ts';
import { TEXTS } from './texts.ts';
import { count } from './traffic.tsx';

interface Step {
  readonly to: string;
  readonly text: string;
  readonly help: string;
}

const STEPS: Readonly<Record<string, readonly Step[]>> = {
  none: [
    {
      to: 'published',
      text: 'Publish…',
      help: 'Developers who may see it find it in the catalog, and ask for contracts.',
    },
  ],
  draft: [
    {
      to: 'published',
      text: 'Publish…',
      help: 'Developers who may see it find it in the catalog, and ask for contracts.',
    },
  ],
  published: [
    { to: 'deprecated', text: 'Deprecate…', help: 'It goes on as it is. The catalog says that it will end.' },
  ],
  deprecated: [
    { to: 'published', text: 'Publish again…', help: 'The catalog no longer says that it will end.' },
    {
      to: 'retired',
      text: 'Retire…',
      help: 'It takes no new contracts, and leaves the catalog. Contracts in force stay until they are revoked.',
    },
  ],
  retired: [{ to: 'deprecated', text: 'Bring back…', help: 'It is in the catalog again, as one that will end.' }],
};

/** How far an API has come, and where it may go from there. */
export function LifecycleSteps({
  isWritable,
  resource,
}: {
  readonly resource: ResourceJson;
  readonly isWritable: boolean;
}): JSX.Element | null {
  const [step, setStep] = useState<Step>();
  const { lifecycle = 'none' } =
    (resource.document as { readonly metadata?: { readonly lifecycle?: string } } | undefined)?.metadata ?? {};
  if (!isWritable) return null;
  return (
    <>
      <h2>{TEXTS.lifecycle}</h2>
      <p class="own-steps">
        {(STEPS[lifecycle] ?? []).map((each) => (
          <button
            key={each.to}
            type="button"
            class={each.to === 'retired' ? 'danger' : ''}
            onClick={() => setStep(each)}
          >
            {each.text}
          </button>
        ))}
      </p>
      {step && <StepDialog step={step} resource={resource} onClose={() => setStep(undefined)} />}
    </>
  );
}

function StepDialog({
  onClose,
  resource,
  step,
}: {
  readonly resource: ResourceJson;
  readonly step: Step;
  readonly onClose: () => void;
}): JSX.Element {
  const { name = '', namespace = '', revision = '0' } = resource;
  const [reason, setReason] = useState('');
  const [fault, setFault] = useState<string>();
  const isEnding = step.to === 'retired' || step.to === 'deprecated';
  const contracts = useCall(
    listResources,
    isEnding
      ? {
          kinds: ['Contract'],
          namespaces: [namespace],
          where: { 'spec.api': name, 'spec.status': 'approved' },
          pageSize: 100,
        }
      : undefined,
  );
  const users = useCall(
    queryRequests,
    isEnding
      ? {
          time: { last: '604800s' },
          where: [{ dimension: 'api', values: [qualified(namespace, name)] }],
          by: ['client'],
          limit: 100,
        }
      : undefined,
  );
  const byClient = new Map(
    (users.data?.rows ?? []).map(({ usage, values = [] }) => [values[0] ?? '', Number(usage?.count ?? 0)]),
  );
  const write = async (): Promise<void> => {
    const document = resource.document as { readonly metadata?: object };
    const changed = { ...document, metadata: { ...document.metadata, lifecycle: step.to } };
    try {
      const { faults = [] } = await call(applyResources, {
        documents: [proposal(changed, revision)],
        reason,
      });
      if (faults[0] !== undefined) return setFault(`${faults[0].field}: ${faults[0].message}`);
      forgetAnswers();
      toast(`${name} is ${TEXTS.lifecycles[step.to]?.toLowerCase() ?? step.to}`);
      onClose();
    } catch (error) {
      setFault(callErrorOf(error).message);
    }
  };
  const found = contracts.data?.resources ?? [];
  return (
    <Dialog
      title={`${step.text.replace('…', '')} ${name}`}
      onClose={onClose}
      actions={
        <>
          <button type="button" onClick={onClose}>
            {SHARED.cancel}
          </button>
          <button type="button" class={step.to === 'retired' ? 'danger' : 'main'} onClick={() => void write()}>
            {step.text.replace('…', '')}
          </button>
        </>
      }
    >
      <p>{step.help}</p>
      {isEnding && (
        <>
          <h3>Who uses it: {count(contracts.data?.total)} contracts in force</h3>
          {found.length > 0 && (
            <ul class="own-users">
              {found.slice(0, 20).map(({ document, name: contract }) => {
                const { clientApplication: client = '' } =
                  (document as { spec?: { clientApplication?: string } }).spec ?? {};
                const requests =
                  byClient.get(
                    client.startsWith('default/')
                      ? client.slice('default/'.length)
                      : client.includes('/')
                        ? client
                        : qualified(namespace, client),
                  ) ?? 0;
                return (
                  <li key={contract}>
                    <Given text={client} />{' '}
                    <span class={requests > 0 ? 'own-bad' : 'quiet'}>
                      {requests > 0
                        ? `${count(requests)} requests in the last 7 days`
                        : 'no request in the last 7 days'}
                    </span>
                  </li>
                );
              })}
            </ul>
          )}
        </>
      )}
      <Field label={TEXTS.reason} id="own-step-reason" help={TEXTS.reasonHelp} fault={fault}>
        <input id="own-step-reason" value={reason} onInput={({ currentTarget }) => setReason(currentTarget.value)} />
      </Field>
    </Dialog>
  );
}
