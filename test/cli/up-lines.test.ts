import { expect, test } from 'vitest';
import { upLines } from '../../src/cli/up-lines.ts';
import { welcomeOf } from '../../src/control/welcome.ts';

const PROGRAM = 'npm run -s ostiary --';

test('token and server are said once, so that the lines to try are short, and aligned', () => {
  const printed = upLines('welcome\n', {
    url: 'http://127.0.0.1:39195',
    tokenFile: '.ostiary/bootstrap-token',
    consoleUrl: 'http://127.0.0.1:39195',
    dataDir: '.ostiary',
    policies: ['policies'],
    program: PROGRAM,
  });
  expect(printed).toBe(`welcome

its control plane is on http://127.0.0.1:39195, and everything is kept in .ostiary; the documents in policies are followed, and stay in their files
open in a browser:
  http://127.0.0.1:39195
in another terminal, first:
  export OSTIARY_TOKEN=$(cat .ostiary/bootstrap-token)
  export OSTIARY_SERVER=http://127.0.0.1:39195
then try:
  npm run -s ostiary -- get apis -o wide          # what is enforced, of files and of the control plane
  npm run -s ostiary -- apply -f FILE --wait 2s   # writes documents, and tells when they are enforced
  npm run -s ostiary -- sidecars                  # what each sidecar enforces
  npm run -s ostiary -- audit                     # who changed what
`);
});

test('where the control plane is where commands look anyway, no server is named', () => {
  const url = 'http://127.0.0.1:9195';
  const printed = welcomeOf({
    url,
    tokenFile: "/it's here/token",
    consoleUrl: undefined,
    isNew: true,
    program: PROGRAM,
  });
  expect(printed).not.toContain('OSTIARY_SERVER');
  expect(printed).toContain(String.raw`export OSTIARY_TOKEN=$(cat '/it'\''s here/token')`);
});
