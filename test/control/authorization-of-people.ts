import { Code } from '@connectrpc/connect';

/** What is asked for a row of the matrix. */
export interface Asked {
  readonly request: object;
  /** Errors that only those hear who may. */
  readonly allowed?: readonly Code[];
  readonly seen?: ((answer: unknown) => string) | undefined;
}

export function ofEvents(method: string): Asked {
  // A token has no mail address: whoever may subscribe hears so.
  if (method === 'Subscribe') {
    return { request: { events: ['contract.approved'] }, allowed: [Code.FailedPrecondition] };
  }
  // Whoever may send again hears that there is nothing.
  if (method === 'Redeliver') return { request: { id: 'none' }, allowed: [Code.NotFound] };
  return { request: method === 'Unsubscribe' ? { id: 'none' } : {} };
}

export function ofPeople(method: string): Asked {
  const allowed = [Code.FailedPrecondition, Code.InvalidArgument, Code.NotFound];
  const requests: Readonly<Record<string, object>> = {
    LogIn: { name: 'nobody', password: 'a wrong password' },
    EndSessions: { of: { case: 'id', value: 'none' } },
    CreateUser: { name: 'Not a name!' },
    SetUserDisabled: { name: 'local:none', disabled: true },
    DeleteUser: { name: 'local:none' },
    RevokeAccessToken: { id: 'none' },
    CreateAccessToken: { name: 'more' },
  };
  // Everybody may try.
  if (method === 'LogIn') allowed.push(Code.Unauthenticated, Code.ResourceExhausted);
  return { request: requests[method] ?? {}, allowed };
}
