import { create } from '@bufbuild/protobuf';
import { durationFromMs } from '@bufbuild/protobuf/wkt';
import {
  KillSecretsRequestSchema,
  KillSecretsResponseSchema,
  WithdrawApplicationRequestSchema,
  WithdrawApplicationResponseSchema,
} from '../../gen/ostiary/v1/credentials_pb.js';
import type { WithdrawApplicationRequest } from '../../gen/ostiary/v1/credentials_pb.js';
import type { Caller } from '../access/caller.ts';
import { Code, RpcError } from '../grpc/rpc.ts';
import type { Method } from '../grpc/rpc.ts';
import { keyText } from '../registry/conflict.ts';
import type { Author, Resource, ResourceKey } from '../registry/log.ts';
import type { Receipts } from '../registry/receipt.ts';
import type { ControlAccess } from './access.ts';
import { applicationMessage } from './application-messages.ts';
import { countCredentials, withoutCredentials } from './application-secrets.ts';
import type { Applied } from './changing.ts';
import { contractMessage } from './contract-messages.ts';
import type { CurrentIndex } from './current-index.ts';
import { editOne, keyNamed, keyReferred, refuseFaults, resourceSeen } from './editing.ts';
import type { EditingPorts, Json } from './editing.ts';
import { valueAt } from './facts.ts';
import { guardedUnary } from './guarded.ts';
import { authorOf, receiptOf, waitMsOf } from './write-options.ts';

export interface EndingPorts extends EditingPorts {
  readonly access: ControlAccess;
  readonly receipts: Receipts;
  readonly clock: { now(): number };
  readonly index: CurrentIndex;
}

/** Somebody may make a contract in the moment in which its application goes. */
const MOST_TRIES = 5;
const EMERGENCY_WAIT = durationFromMs(10_000);

/** The methods of CredentialService that end things. */
export function endingMethods(ports: EndingPorts): readonly Method[] {
  const { access, clock, receipts } = ports;
  const unary = guardedUnary('ostiary.v1.CredentialService', access);
  return [
    unary('KillSecrets', KillSecretsRequestSchema, KillSecretsResponseSchema, async (request, caller) => {
      const key = keyNamed('ClientApplication', request);
      const { reason, dryRun } = request;
      if (reason.trim() === '') throw new RpcError(Code.invalidArgument, 'reason is missing: whoever uses it will ask');
      const author = authorOf(caller, reason);
      const waitMs = waitMsOf(request.wait ?? EMERGENCY_WAIT);
      let ended = { secrets: 0, keys: 0 };
      const edited = await editOne(
        ports,
        key,
        { author, by: caller, dryRun, expectedRevision: undefined },
        ({ document }) => {
          ended = countCredentials(document, clock.now());
          if (ended.secrets + ended.keys > 0) return { document: withoutCredentials(document as Json) };
          throw new RpcError(Code.failedPrecondition, `${keyText(key)} has no valid secret and no valid API key`);
        },
      );
      return create(KillSecretsResponseSchema, {
        application: applicationMessage(key, edited.document, edited.revision, clock.now()),
        revision: BigInt(edited.logRevision),
        endedSecrets: ended.secrets,
        endedApiKeys: ended.keys,
        ...(!dryRun && (await receiptOf(receipts, edited.logRevision, waitMs))),
      });
    }),
    unary(
      'WithdrawApplication',
      WithdrawApplicationRequestSchema,
      WithdrawApplicationResponseSchema,
      async (request, caller) => {
        const author = authorOf(caller, request.reason);
        const waitMs = waitMsOf(request.wait);
        const { application, contracts, revision } = await withdraw(request, { author, by: caller }, ports);
        const apis = await apisOf(contracts, ports);
        return create(WithdrawApplicationResponseSchema, {
          application: applicationMessage(application, application.document, application.revision, clock.now()),
          contracts: contracts.map((contract, at) => {
            return contractMessage(contract, contract.document, apis[at]?.document, contract.revision, clock.now());
          }),
          revision: BigInt(revision),
          ...(!request.dryRun && (await receiptOf(receipts, revision, waitMs))),
        });
      },
    ),
  ];
}

interface Withdrawn {
  readonly application: Resource;
  readonly contracts: readonly Resource[];
  /** Of the log. */
  readonly revision: number;
}

/** Deletes an application with its contracts, all or none. @throws RpcError */
async function withdraw(
  request: WithdrawApplicationRequest,
  { author, by }: { readonly author: Author; readonly by: Caller },
  ports: EndingPorts,
): Promise<Withdrawn> {
  const { changing, index: current, registry } = ports;
  const key = keyNamed('ClientApplication', request);
  const expected = request.expectedRevision === undefined ? undefined : Number(request.expectedRevision);
  for (let tries = 1; ; tries += 1) {
    const application = await resourceSeen(ports, key, by, ['write']);
    const { index } = await current.current();
    const named = [...index.referring(keyText(key))].filter(({ kind }) => kind === 'Contract');
    const contracts = await inOrder(named, registry);
    const deletions = [application, ...contracts.filter((each) => each !== undefined)].map((each, at) => {
      return { key: keyOnly(each), expectedRevision: at === 0 ? (expected ?? each.revision) : each.revision };
    });
    const change = { writes: [], deletions, set: '', prune: false, owner: 'api', by, isAllowed: true } as const;
    try {
      const done = request.dryRun ? await changing.plan(change) : await changing.apply(change, author);
      refuseFaults(done.faults);
      return {
        application,
        contracts: done.changes.flatMap(({ before }) => (before?.kind === 'Contract' ? [before] : [])),
        revision: (done as Applied).revision,
      };
    } catch (error) {
      if (!isOutrun(error) || (expected !== undefined && expected !== application.revision)) throw error;
      if (tries >= MOST_TRIES) throw error;
    }
  }
}

/** A contract has come, has gone or has changed meanwhile. */
function isOutrun(error: unknown): boolean {
  if (!(error instanceof RpcError)) return false;
  return error.code === Code.aborted || error.code === Code.notFound || error.code === Code.invalidArgument;
}

function keyOnly({ kind, namespace, name }: ResourceKey): ResourceKey {
  return { kind, namespace, name };
}

/** In the order of their keys; undefined: it is not there. */
async function inOrder(
  keys: readonly ResourceKey[],
  registry: EndingPorts['registry'],
): Promise<readonly (Resource | undefined)[]> {
  const found = new Map((await registry.resources(keys)).map((each) => [keyText(each), each]));
  return keys.map((each) => found.get(keyText(each)));
}

function apisOf(contracts: readonly Resource[], { registry }: EndingPorts): Promise<readonly (Resource | undefined)[]> {
  const keys = contracts.map(({ namespace, document }) => {
    return keyReferred('Api', namespace, String(valueAt(document, ['spec', 'api'])), 'api');
  });
  return inOrder(keys, registry);
}
