import type { JSX } from 'preact';
import { Code } from '../../parts/small.tsx';

/** A secret that is told once. */
export function SecretOnce({
  clientId,
  secret,
}: {
  readonly clientId: string | undefined;
  readonly secret: string;
}): JSX.Element {
  return (
    <div class="secret-once">
      <p>
        <strong>Copy the secret now.</strong> It is shown this once, and kept here as a hash alone.
      </p>
      {clientId !== undefined && (
        <>
          <h3>Client id</h3>
          <Code text={clientId} label="Client id" />
        </>
      )}
      <h3>Secret</h3>
      <Code text={secret} label="Secret" />
    </div>
  );
}
