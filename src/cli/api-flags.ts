import { text, withVariables } from '../flags.ts';
import { serveFlags } from '../serve/serve-flags.ts';
import { unbroken } from './flag-forms.ts';

/** How the commands that ask a running service reach its operator's API. */
export const apiFlags = {
  ...withVariables({
    api: text(undefined, 'URL', 'the running service: http://host:port of its --api-listen, or unix:/path', unbroken),
  }),
  apiTokenFile: serveFlags.apiTokenFile,
};
