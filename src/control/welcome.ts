interface Welcome {
  readonly url: string;
  readonly tokenFile: string;
  readonly isNew: boolean;
  readonly program: string;
  readonly isDefault: boolean;
}

/** Where the control plane is, and lines to try. */
export function welcomeOf({ url, tokenFile, isNew, program, isDefault }: Welcome): string {
  const server = isDefault ? '' : ` --server ${url}`;
  const call = `${program} %${server} --token-file ${tokenFile}`;
  const line = (command: string): string => call.replace('%', command);
  return `ostiary's control plane is on ${url}${isNew ? `; the administrator's token is in ${tokenFile}` : ''}
try:
  ${line('apply -f policies')}   # write documents
  ${line('token create --sidecar')} > join-token   # for ostiary serve --control ${url} --control-token-file join-token
  ${line('sidecars')}   # what each sidecar enforces
`;
}
