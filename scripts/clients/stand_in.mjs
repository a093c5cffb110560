// One stand-in as a child process: it is told lines and answers each with a line of JSON.

import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { createRequire } from 'node:module';
import { join } from 'node:path';

/** Loads a package of the vendor. */
export const load = createRequire(join(process.env.CLIENTS_FOLDER, 'package.json'));

/** Starts the stand-in that the test `name` serves; gives its settings and a way to tell it something. */
export async function start(name) {
  const child = spawn(process.env.STAND_INS, [`clients::${name}`, '--exact', '--ignored', '--nocapture'], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const waiting = [];
  const early = [];
  createInterface({ input: child.stdout }).on('line', (line) => {
    if (!line.startsWith('@')) return;
    const value = JSON.parse(line.slice(1));
    const next = waiting.shift();
    if (next) next(value);
    else early.push(value);
  });
  const answer = () => new Promise((resolve) => (early.length ? resolve(early.shift()) : waiting.push(resolve)));
  const { settings } = await answer();
  return {
    settings: Object.fromEntries(settings),
    tell(line) {
      child.stdin.write(`${line}\n`);
      return answer();
    },
    stop() {
      child.stdin.end();
    },
  };
}

const results = [];

/** Notes whether something holds. */
export function check(what, holds) {
  results.push(Boolean(holds));
  console.log(`${holds ? 'ok    ' : 'FAILED'} ${what}`);
}

/** Waits until something holds, ten seconds at most. */
export async function until(condition) {
  for (let tries = 0; tries < 200; tries += 1) {
    if (await condition()) return true;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return false;
}

/** Ends the program: well if everything held. */
export function end() {
  process.exit(results.every(Boolean) ? 0 : 1);
}
