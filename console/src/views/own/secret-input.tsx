import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { call, callErrorOf } from '../../api/call.ts';
import { applyResources, getResource, listResources } from '../../api/methods.ts';
import { useCall } from '../../api/use-call.ts';
import { isRecord } from '../../forms/node.ts';
import { Dialog } from '../../parts/dialog.tsx';
import { Field } from '../../parts/small.tsx';
import { toast } from '../../parts/toasts.tsx';
import { proposal } from './proposing.ts';
import { idOf } from './form-props.ts';
import type { FormProps } from './form-props.ts';

/** Where a secret is read from: the value itself is in no document, and is not shown again. */
export function SecretInput({ label, namespace, onChange, path, value }: FormProps): JSX.Element {
  const [isMaking, setMaking] = useState(false);
  const secrets = useCall(listResources, { kinds: ['Secret'], namespaces: [namespace], pageSize: 100 });
  const id = idOf(path);
  const references = (secrets.data?.resources ?? []).flatMap(({ document, name }) => {
    const { data } = ((document ?? {}) as { readonly spec?: { readonly data?: object } }).spec ?? {};
    return Object.keys(data ?? {}).map((key) => `\${secret:${name}/${key}}`);
  });
  const written = typeof value === 'string' ? value : '';
  const isOther = written !== '' && !references.includes(written);
  return (
    <div class="own-secret">
      <select
        id={id}
        value={written}
        aria-describedby={`${id}-help ${id}-fault`}
        onChange={({ currentTarget }) => onChange(path, currentTarget.value === '' ? undefined : currentTarget.value)}
      >
        <option value="">Not set</option>
        {references.map((reference) => (
          <option key={reference} value={reference}>
            {reference.slice('${secret:'.length, -1)}
          </option>
        ))}
        {isOther && <option value={written}>{written.startsWith('$') ? written : 'A value in plain text'}</option>}
      </select>
      <button type="button" onClick={() => setMaking(true)}>
        New secret…
      </button>
      {isMaking && (
        <NewSecret
          label={label}
          namespace={namespace}
          onClose={() => setMaking(false)}
          onMade={(reference) => {
            secrets.reload();
            onChange(path, reference);
          }}
        />
      )}
    </div>
  );
}

interface NewSecretProps {
  readonly label: string;
  readonly namespace: string;
  readonly onClose: () => void;
  readonly onMade: (reference: string) => void;
}

function NewSecret({ label, namespace, onClose, onMade }: NewSecretProps): JSX.Element {
  const [name, setName] = useState('');
  const [key, setKey] = useState('value');
  const [text, setText] = useState('');
  const [fault, setFault] = useState<string>();
  const [isBusy, setBusy] = useState(false);
  const make = async (): Promise<void> => {
    setBusy(true);
    try {
      await writeSecret(namespace, name, key, text);
      onMade(`\${secret:${name}/${key}}`);
      toast(`Secret ${name} is kept, encrypted`);
      onClose();
    } catch (error) {
      setFault(callErrorOf(error).message);
      setBusy(false);
    }
  };
  return (
    <Dialog
      title={`New secret for ${label}`}
      onClose={onClose}
      actions={
        <button type="button" class="main" disabled={isBusy || name === '' || text === ''} onClick={() => void make()}>
          Keep it
        </button>
      }
    >
      <p>The value is kept encrypted, and nobody is shown it again. The policy reads it by its name.</p>
      <Field label="Name" id="own-secret-name" help="Of the Secret, such as issuer">
        <input id="own-secret-name" value={name} onInput={({ currentTarget }) => setName(currentTarget.value)} />
      </Field>
      <Field label="Key" id="own-secret-key" help="A Secret may have several values">
        <input id="own-secret-key" value={key} onInput={({ currentTarget }) => setKey(currentTarget.value)} />
      </Field>
      <Field label="Value" id="own-secret-value" fault={fault}>
        <input
          id="own-secret-value"
          type="password"
          autocomplete="off"
          value={text}
          onInput={({ currentTarget }) => setText(currentTarget.value)}
        />
      </Field>
    </Dialog>
  );
}

/** @throws CallError (rejects with it) */
async function writeSecret(namespace: string, name: string, key: string, value: string): Promise<void> {
  const known = await call(getResource, { kind: 'Secret', namespace, name }).catch((error: unknown) => {
    if (callErrorOf(error).code === 'not_found') return undefined;
    throw error;
  });
  const { spec } = (known?.resource?.document ?? {}) as { readonly spec?: { readonly data?: unknown } };
  const data = isRecord(spec?.data) ? spec.data : {};
  if (Object.hasOwn(data, key)) throw new Error(`${name} has a value ${key} already: choose another key`);
  const document = {
    apiVersion: 'ostiary.dev/v1alpha1',
    kind: 'Secret',
    metadata: { name, namespace },
    spec: { data: { ...data, [key]: { value } } },
  };
  const expectedRevision = known?.resource?.revision ?? '0';
  const { faults = [] } = await call(applyResources, { documents: [proposal(document, expectedRevision)] });
  const [first] = faults;
  if (first !== undefined) throw new Error(`${first.field}: ${first.message}`);
}
