import { create } from '@bufbuild/protobuf';
import type { Duration } from '@bufbuild/protobuf/wkt';
import { durationMs } from '@bufbuild/protobuf/wkt';
import {
  CreateApplicationRequestSchema,
  CreateApplicationResponseSchema,
  EndSecretRequestSchema,
  EndSecretResponseSchema,
  RotateSecretRequestSchema,
  RotateSecretResponseSchema,
  SecretChoice,
} from '../../gen/ostiary/v1/credentials_pb.js';
import type { CreateApplicationRequest } from '../../gen/ostiary/v1/credentials_pb.js';
import type { Caller } from '../access/caller.ts';
import type { Clock } from '../clock.ts';
import { formatSecretHash, hashSecret } from '../contract/secret.ts';
import { API_VERSION } from '../document/schema.ts';
import { Code, RpcError } from '../grpc/rpc.ts';
import type { Method } from '../grpc/rpc.ts';
import { keyText } from '../registry/conflict.ts';
import type { ResourceKey } from '../registry/log.ts';
import { endingMethods } from './application-endings.ts';
import type { EndingPorts } from './application-endings.ts';
import { applicationMessage } from './application-messages.ts';
import { ended, rotated, validSecretsOf, withSecrets } from './application-secrets.ts';
import type { KeptSecret, ValidSecrets } from './application-secrets.ts';
import { editOne, keyNamed, writeOne } from './editing.ts';
import type { Edited, Json } from './editing.ts';
import { guardedUnary } from './guarded.ts';
import { Rights } from './rights.ts';
import { faultMessages } from './resource-messages.ts';
import { authorOf, receiptOf, waitMsOf } from './write-options.ts';

export interface CredentialServicePorts extends EndingPorts {
  readonly clock: Clock;
  readonly randomBytes: (count: number) => Buffer;
}

const SECRET_BYTES = 32;
const CLIENT_ID_BYTES = 16;
const DAY_MS = 86_400_000;
const LONGEST_GRACE_MS = 365 * DAY_MS;

const CHOICES: ReadonlyMap<SecretChoice, 'old' | 'new' | 'all'> = new Map([
  [SecretChoice.UNSPECIFIED, 'old'],
  [SecretChoice.OLD, 'old'],
  [SecretChoice.NEW, 'new'],
  [SecretChoice.ALL, 'all'],
]);

/** The methods of CredentialService. Secrets are made here, told once, and kept as salted hashes. */
export function credentialMethods(ports: CredentialServicePorts): readonly Method[] {
  const { access, clock, randomBytes } = ports;
  const unary = guardedUnary('ostiary.v1.CredentialService', access);
  const make = (): { readonly secret: string; readonly kept: KeptSecret } => {
    const secret = randomBytes(SECRET_BYTES).toString('base64url');
    return { secret, kept: formatSecretHash(hashSecret(secret)) };
  };
  const change = async (request: SecretRequest, caller: Caller, edit: (now: ValidSecrets) => Secrets) => {
    const key = keyNamed('ClientApplication', request);
    const options = optionsOf(request, caller);
    const expectedRevision = request.expectedRevision === undefined ? undefined : Number(request.expectedRevision);
    const edited = await editOne(ports, key, { ...options, expectedRevision }, ({ document }) => {
      const secrets = edit(validSecretsOf(document, clock.now()));
      if (typeof secrets !== 'string') return { document: withSecrets(document as Json, secrets) };
      throw new RpcError(Code.failedPrecondition, `${keyText(key)} ${secrets}`);
    });
    return answerOf(key, edited, options, ports);
  };
  return [
    unary(
      'CreateApplication',
      CreateApplicationRequestSchema,
      CreateApplicationResponseSchema,
      async (request, caller) => {
        const key = keyNamed('ClientApplication', request);
        const options = optionsOf(request, caller);
        const { index } = await ports.index.current();
        const twin = index.get(keyText(key));
        if (twin !== undefined && new Rights(caller, index).sees(twin))
          throw new RpcError(
            Code.alreadyExists,
            `there is ${keyText(key)} already: rotate its secret to get a new one`,
          );
        const { secret, kept } = make();
        const clientId = request.clientId === '' ? randomBytes(CLIENT_ID_BYTES).toString('hex') : request.clientId;
        const document = withSecrets(documentOf(request, clientId), request.withoutSecret ? [] : [kept]);
        const edited = await writeOne(ports, document, { ...options, expectedRevision: 0 });
        return create(CreateApplicationResponseSchema, {
          ...(await answerOf(key, edited, options, ports)),
          secret: request.withoutSecret || request.dryRun ? '' : secret,
          warnings: faultMessages(edited.warnings, [keyText(key)]),
        });
      },
    ),
    unary('RotateSecret', RotateSecretRequestSchema, RotateSecretResponseSchema, async (request, caller) => {
      const { secret, kept } = make();
      const graceMs = graceMsOf(request.grace);
      const answer = await change(request, caller, (now) => rotated(now, kept, { graceMs, nowMs: clock.now() }));
      return create(RotateSecretResponseSchema, { ...answer, secret: request.dryRun ? '' : secret });
    }),
    unary('EndSecret', EndSecretRequestSchema, EndSecretResponseSchema, async (request, caller) => {
      const choice = CHOICES.get(request.secret);
      if (choice === undefined)
        throw new RpcError(Code.invalidArgument, 'secret is none of the choices that there are');
      return create(EndSecretResponseSchema, await change(request, caller, (now) => ended(now, choice)));
    }),
    ...endingMethods(ports),
  ];
}

type Secrets = readonly KeptSecret[] | string;

interface WriteRequest {
  readonly reason: string;
  readonly wait?: Duration | undefined;
  readonly dryRun: boolean;
}

interface SecretRequest extends WriteRequest {
  readonly namespace: string;
  readonly name: string;
  readonly expectedRevision?: bigint | undefined;
}

function optionsOf({ reason, wait, dryRun }: WriteRequest, caller: Caller) {
  return { author: authorOf(caller, reason), by: caller, waitMs: waitMsOf(wait), dryRun };
}

/** @throws RpcError */
function graceMsOf(grace: Duration | undefined): number {
  if (grace === undefined) return DAY_MS;
  const graceMs = durationMs(grace);
  if (graceMs >= 0 && graceMs <= LONGEST_GRACE_MS) return graceMs;
  throw new RpcError(Code.invalidArgument, `grace is from 0s to ${LONGEST_GRACE_MS / DAY_MS} days`);
}

function documentOf(
  { namespace, name, displayName, description, owner }: CreateApplicationRequest,
  clientId: string,
): Json {
  const told = Object.entries({ namespace, displayName, description, owner }).filter(([, value]) => value !== '');
  return {
    apiVersion: API_VERSION,
    kind: 'ClientApplication',
    metadata: { name, ...Object.fromEntries(told) },
    spec: { clientId },
  };
}

async function answerOf(
  key: ResourceKey,
  { document, revision, logRevision }: Edited,
  { waitMs, dryRun }: ReturnType<typeof optionsOf>,
  { clock, receipts }: CredentialServicePorts,
) {
  return {
    application: applicationMessage(key, document, revision, clock.now()),
    revision: BigInt(logRevision),
    ...(!dryRun && (await receiptOf(receipts, logRevision, waitMs))),
  };
}
