import { UserError } from '../../errors.ts';
import { oneOf, text, toggle } from '../../flags.ts';

/** Whose documents are written. */
export const ownerFlags = {
  owner: {
    ...oneOf('api', ['api', 'console', 'git', 'kubernetes'], 'who keeps them: people here, or a repository or cluster'),
  },
  source: text(undefined, 'URL', 'where the owner keeps them; with --owner git or kubernetes: others are told it'),
  takeOver: toggle("what another owner has written is this one's from now on; needs --reason and the role admin"),
};

interface Given {
  readonly owner: string;
  readonly source: string | undefined;
  readonly takeOver: boolean;
  readonly reason: string | undefined;
}

/** @throws UserError for flags that contradict each other */
export function refuseOwnerFlags({ owner, source, takeOver, reason }: Given): void {
  const isElsewhere = owner === 'git' || owner === 'kubernetes';
  if (isElsewhere && (source ?? '') === '')
    throw new UserError(`--owner ${owner} needs --source URL: others are told there to change it`, 2);
  if (!isElsewhere && source !== undefined)
    throw new UserError('--source is for --owner git and kubernetes: give one of them too', 2);
  if (takeOver && (reason ?? '') === '')
    throw new UserError('--take-over needs --reason WHY: the owner until now will ask', 2);
}
