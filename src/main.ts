#!/usr/bin/env node
// Every Node.js must be able to read this file, of whatever age: no import and no syntax of late years.
const NEEDED = 24;

if (Number(process.versions.node.split('.')[0]) < NEEDED) {
  process.stderr.write(
    `ostiary needs Node.js ${NEEDED} or later, and this is ${process.versions.node}: install a newer one from https://nodejs.org\n`,
  );
  process.exitCode = 1;
} else {
  void import('./cli/start.ts');
}
