import type { Clock, Timers } from '../clock.ts';
import { problemOfDocumentUrl } from '../egress/document-url.ts';
import { systemEgress } from '../egress/system-egress.ts';
import { UserError } from '../errors.ts';
import type { LoginRecord, PagePorts } from '../people/pages/ports.ts';
import type { People } from '../people/people.ts';
import type { Sessions } from '../people/sessions.ts';
import type { ControlFlags } from './flags.ts';
import { readPrivateFile } from './private-file.ts';

export type ProviderFlags = Pick<
  ControlFlags,
  | 'oidcIssuer'
  | 'oidcClientId'
  | 'oidcClientSecretFile'
  | 'oidcUserClaim'
  | 'oidcGroupsClaim'
  | 'oidcScopes'
  | 'sessionRecheck'
  | 'sessionWithoutProvider'
  | 'egressAllow'
>;

export interface IdentityProviderPorts {
  readonly sessions: Sessions;
  readonly people: People;
  readonly record: LoginRecord;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly environment: NodeJS.ProcessEnv;
  readonly onFault: (detail: string) => void;
}

/**
 * The identity provider that the flags name.
 * @returns undefined: they name none
 * @throws UserError (rejects with it) where they don't fit together
 */
export async function openProvider(flags: ProviderFlags, ports: IdentityProviderPorts): Promise<PagePorts['provider']> {
  const {
    oidcClientId: clientId,
    oidcClientSecretFile: secretFile,
    oidcGroupsClaim,
    oidcIssuer: issuer,
    oidcScopes: scopes,
  } = flags;
  if (issuer === undefined) {
    const given =
      clientId !== undefined ? '--oidc-client-id' : secretFile !== undefined ? '--oidc-client-secret-file' : undefined;
    if (given !== undefined) throw new UserError(`${given} has no effect without --oidc-issuer URL`, 2);
    return undefined;
  }
  const problem = problemOfDocumentUrl(issuer);
  if (problem !== undefined) throw new UserError(`--oidc-issuer ${problem}`, 2);
  if (clientId === undefined) throw new UserError('--oidc-issuer needs --oidc-client-id ID as well', 2);
  if (!scopes.split(' ').includes('openid')) throw new UserError('--oidc-scopes: "openid" must be among them', 2);
  const secretOf = async (file: string): Promise<string> =>
    (await readPrivateFile('--oidc-client-secret-file', file)).trim();
  if (secretFile !== undefined && (await secretOf(secretFile)) === '') {
    throw new UserError(`--oidc-client-secret-file ${secretFile}: it is empty`);
  }
  const { clock, environment, onFault, people, record, sessions, timers } = ports;
  // The operator names the issuer itself.
  const allow = [...flags.egressAllow, new URL(issuer).host];
  const { egress } = systemEgress({ variables: environment, allow, timers });
  const [{ Provider }, { confirmingBy }] = await Promise.all([
    import('../people/oidc/provider.ts'),
    import('../people/oidc/confirm.ts'),
  ]);
  const provider = new Provider(
    {
      issuer,
      clientId,
      clientSecret: secretFile === undefined ? undefined : () => secretOf(secretFile),
      scopes,
      claims: { user: flags.oidcUserClaim, groups: oidcGroupsClaim },
    },
    { egress, clock },
  );
  const { sessionRecheck: everyMs, sessionWithoutProvider: withoutMs } = flags;
  const confirming = confirmingBy(
    { everyMs, withoutMs },
    {
      provider,
      sessions,
      people,
      clock,
      ended: (end) => record.ended(end, 'the provider has ended it'),
      onAway: onFault,
    },
  );
  return { provider, confirming, recheckMs: everyMs };
}
