import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import type { MessageInitShape } from '@bufbuild/protobuf';
import type { SessionSchema, TokenLimits, UserSchema } from '../../gen/ostiary/v1/people_pb.js';
import type { AccessTokenSchema } from '../../gen/ostiary/v1/tokens_pb.js';
import type { CallerLimits } from '../access/caller.ts';
import type { AccessToken } from '../people/access-tokens.ts';
import type { Person } from '../people/people.ts';
import type { Session } from '../people/sessions.ts';

export function userMessage({
  createdAt,
  groups,
  isDisabled,
  lastLoginAt,
  name,
}: Person): MessageInitShape<typeof UserSchema> {
  return {
    name,
    groups: [...groups],
    disabled: isDisabled,
    created: timestampFromMs(createdAt),
    ...(lastLoginAt > 0 && { lastLogin: timestampFromMs(lastLoginAt) }),
  };
}

/** @param current the id of the session of the call */
export function sessionMessage(session: Session, current: string): MessageInitShape<typeof SessionSchema> {
  const { address, createdAt, endsAt, id, kind, person, seenAt } = session;
  return {
    id,
    user: person,
    kind,
    address,
    current: id === current,
    created: timestampFromMs(createdAt),
    lastSeen: timestampFromMs(seenAt),
    expires: timestampFromMs(endsAt),
  };
}

export function tokenMessage(token: AccessToken): MessageInitShape<typeof AccessTokenSchema> {
  const { createdAt, createdBy, expiresAt, id, limits, name, person, revokedAt, team, usedAddress, usedAt } = token;
  return {
    id,
    name,
    user: person,
    team,
    limits: limitsMessage(limits),
    createdBy,
    lastUsedAddress: usedAddress,
    created: timestampFromMs(createdAt),
    expires: timestampFromMs(expiresAt),
    ...(usedAt > 0 && { lastUsed: timestampFromMs(usedAt) }),
    ...(revokedAt > 0 && { revoked: timestampFromMs(revokedAt) }),
  };
}

export function limitsMessage({ kinds, teams, verbs }: CallerLimits): Pick<TokenLimits, 'kinds' | 'teams' | 'verbs'> {
  return { kinds: [...kinds], teams: [...teams], verbs: [...verbs] };
}
