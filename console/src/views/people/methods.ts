import type {
  CreateUserRequestJson,
  CreateUserResponseJson,
  DeleteUserRequestJson,
  DeleteUserResponseJson,
  EndSessionsRequestJson,
  EndSessionsResponseJson,
  ListSessionsRequestJson,
  ListSessionsResponseJson,
  ListUsersRequestJson,
  ListUsersResponseJson,
  SetPasswordRequestJson,
  SetPasswordResponseJson,
  SetUserDisabledRequestJson,
  SetUserDisabledResponseJson,
} from '../../../../gen/ostiary/v1/people_pb.js';
import type {
  CreateAccessTokenRequestJson,
  CreateAccessTokenResponseJson,
  ListAccessTokensRequestJson,
  ListAccessTokensResponseJson,
  RevokeAccessTokenRequestJson,
  RevokeAccessTokenResponseJson,
} from '../../../../gen/ostiary/v1/tokens_pb.js';
import { method } from '../../api/call.ts';

export const listUsers = method<ListUsersRequestJson, ListUsersResponseJson>('PeopleService/ListUsers');
export const createUser = method<CreateUserRequestJson, CreateUserResponseJson>('PeopleService/CreateUser');
export const setUserDisabled = method<SetUserDisabledRequestJson, SetUserDisabledResponseJson>(
  'PeopleService/SetUserDisabled',
);
export const setPassword = method<SetPasswordRequestJson, SetPasswordResponseJson>('PeopleService/SetPassword');
export const deleteUser = method<DeleteUserRequestJson, DeleteUserResponseJson>('PeopleService/DeleteUser');
export const listSessions = method<ListSessionsRequestJson, ListSessionsResponseJson>('PeopleService/ListSessions');
export const endSessions = method<EndSessionsRequestJson, EndSessionsResponseJson>('PeopleService/EndSessions');
export const listAccessTokens = method<ListAccessTokensRequestJson, ListAccessTokensResponseJson>(
  'TokenService/ListAccessTokens',
);
export const createAccessToken = method<CreateAccessTokenRequestJson, CreateAccessTokenResponseJson>(
  'TokenService/CreateAccessToken',
);
export const revokeAccessToken = method<RevokeAccessTokenRequestJson, RevokeAccessTokenResponseJson>(
  'TokenService/RevokeAccessToken',
);
