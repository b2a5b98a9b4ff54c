import { Code, RpcError } from '../grpc/rpc.ts';
import type { Owner, Ownership } from '../registry/log.ts';

/** What a request says of whose documents it has. */
interface OwnershipRequest {
  readonly owner: string;
  readonly source: string;
  readonly takeOver: boolean;
  readonly reason: string;
}

/** Those that may be named, and whether their documents are kept elsewhere. */
const OWNERS: ReadonlyMap<string, boolean> = new Map<Owner, boolean>([
  ['api', false],
  ['console', false],
  ['git', true],
  ['kubernetes', true],
]);
const LONGEST_SOURCE = 1024;

/** @throws RpcError */
export function ownershipOf(request: OwnershipRequest): Ownership & { readonly isTakenOver: boolean } {
  const { source, takeOver: isTakenOver, reason } = request;
  const owner = request.owner === '' ? 'api' : request.owner;
  const isElsewhere = OWNERS.get(owner);
  if (isElsewhere === undefined) {
    const known = [...OWNERS.keys()].join(', ');
    throw invalid(`there is no owner ${JSON.stringify(owner.slice(0, 64))}: expected one of ${known}`);
  }
  if (isElsewhere && source === '')
    throw invalid(`the owner ${owner} needs a source, so that others learn where to change it: such as a URL`);
  if (!isElsewhere && source !== '')
    throw invalid(`a source is for the owners git and kubernetes, and not for ${owner}`);
  const problem = sourceProblem(source);
  if (problem !== undefined) throw invalid(`source ${problem}`);
  if (isTakenOver && reason.trim() === '') throw invalid('taking over needs a reason: the other owner will ask');
  return { owner: owner as Owner, ...(source !== '' && { source }), isTakenOver };
}

/** Messages show it to everybody. */
function sourceProblem(source: string): string | undefined {
  if (source.length > LONGEST_SOURCE) return `has more than ${LONGEST_SOURCE} characters`;
  if (!/^[\x21-\x7e]*$/.test(source)) return 'is a URL or a path of visible ASCII characters without spaces';
  if (/^[A-Za-z][A-Za-z0-9+.-]*:\/\/[^/?#]*:[^/?#]*@/.test(source)) return 'has a password in it: leave it out';
  return undefined;
}

function invalid(message: string): RpcError {
  return new RpcError(Code.invalidArgument, message);
}
