#!/usr/bin/env node
// Starts one of the bundled programs. Committed as it is, so that npm can link it before anything has been built.
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { setFlagsFromString } from 'node:v8';

const PROGRAMS = {
  controller: '../dist/controller.mjs',
  speaker: '../../edge-speaker/dist/speaker.mjs',
};

const argv = process.argv.slice(2);
const [command = ''] = argv;
// A quarter less memory at a thousand Services, seen on Node 20, and no slower; read by V8 as it goes, so that every way of
// starting the speaker has it. It is a wish and no limit: ten thousand Services take what they need.
if (command === 'speaker') setFlagsFromString('--optimize-for-size');
const isProgram = Object.hasOwn(PROGRAMS, command);
const bundle = new URL(isProgram ? PROGRAMS[command] : '../dist/cli.mjs', import.meta.url);

if (existsSync(bundle)) {
  const { main } = await import(bundle.href);
  const exitCode = await main(isProgram ? argv.slice(1) : argv);
  if (isProgram) process.exit(exitCode); // its work is over: an idle connection must not keep the process
  process.exitCode = exitCode;
} else {
  process.stderr.write(
    `yurtlb: ${fileURLToPath(bundle)} is missing. Run "npm install" or "npm run build" in the repository.\n`,
  );
  process.exitCode = 1;
}
