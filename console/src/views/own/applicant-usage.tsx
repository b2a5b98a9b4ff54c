import type { JSX } from 'preact';
import { useCall } from '../../api/use-call.ts';
import { qualified } from './addresses.ts';
import { queryRequests } from './own-methods.ts';
import { count, percent } from './traffic.tsx';

/** What an application has sent to the reader's APIs. */
export function ApplicantUsage({
  client,
  namespace,
}: {
  readonly namespace: string;
  readonly client: string;
}): JSX.Element {
  const [first = '', ...rest] = client.split('/');
  const name = rest.length === 0 ? qualified(namespace, first) : qualified(first, rest.join('/'));
  const usage = useCall(queryRequests, {
    time: { last: '2592000s' },
    where: [{ dimension: 'client', values: [name] }],
    limit: 1,
  });
  if (usage.data === undefined) return <p class="quiet">Usage is not known.</p>;
  const { count: all = '0', denials = '0', errors = '0' } = usage.data.total ?? {};
  if (Number(all) === 0) return <p class="quiet">It has sent nothing to your APIs in the last 30 days.</p>;
  return (
    <p>
      In the last 30 days: <strong>{count(Number(all))}</strong> requests to your APIs,{' '}
      {percent(Number(denials), Number(all))} refused, {percent(Number(errors), Number(all))} failed.
    </p>
  );
}
