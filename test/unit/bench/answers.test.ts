import assert from 'node:assert/strict';
import { type Answer, type Round, seen } from '../../bench/failover/answers.ts';

const A = '02:00:00:00:00:0a';
const B = '02:00:00:00:00:0b';
const ASKED: readonly Round[] = Array.from({ length: 20 }, (_, question) => ({ atMs: question * 5, question }));

/** Answered by `mac` 0.2 ms after each of these questions. */
const by = (mac: string, fromMs: number, toMs: number): Answer[] =>
  ASKED.filter(({ atMs }) => atMs >= fromMs && atMs <= toMs).map(({ atMs, question }) => ({
    atMs: atMs + 0.2,
    mac,
    question,
  }));
const late = (answers: Answer[], byMs: number): Answer[] =>
  answers.map(({ atMs, ...rest }) => ({ atMs: atMs + byMs, ...rest }));
const inOrder = (...all: Answer[][]): Answer[] => all.flat().sort((a, b) => a.atMs - b.atMs);

const cases: {
  name: string;
  asked?: Round[];
  answers: Answer[];
  want: [silent: number, both: number, changes: number, lost: number];
}[] = [
  { name: 'one owner all the time', answers: by(A, 0, 95), want: [0.2, 0, 0, 0] },
  { name: 'a takeover without a missed question', answers: inOrder(by(A, 0, 45), by(B, 50, 95)), want: [0.2, 0, 1, 0] },
  { name: 'three questions lost', answers: inOrder(by(A, 0, 30), by(B, 50, 95)), want: [15.2, 0, 1, 3] },
  {
    name: 'a new owner that answers late what it was asked has lost none',
    answers: inOrder(by(A, 0, 30), late(by(B, 35, 45), 12), by(B, 50, 95)),
    want: [12.2, 0, 1, 0],
  },
  {
    name: 'what is still on its way is not lost',
    answers: by(A, 0, 80),
    want: [0.2, 0, 0, 0],
  },
  {
    name: 'a client that was late itself is no outage',
    asked: [...ASKED.slice(0, 5), ...ASKED.slice(10)],
    answers: inOrder(by(A, 0, 20), by(A, 50, 95)),
    want: [0.2, 0, 0, 0],
  },
  { name: 'both answer two questions', answers: inOrder(by(A, 0, 45), by(B, 40, 95)), want: [0.2, 10, 3, 0] },
  { name: 'nobody answered at all', answers: [], want: [0, 0, 0, 0] },
];

describe('what the failover benchmark reads off its client', () => {
  for (const { name, asked = ASKED, answers, want } of cases) {
    it(name, () => {
      const { silentMs, bothMs, changes, lost } = seen(asked, answers, 5);
      assert.deepEqual([Math.round(silentMs * 10) / 10, Math.round(bothMs), changes, lost], want);
    });
  }
});
