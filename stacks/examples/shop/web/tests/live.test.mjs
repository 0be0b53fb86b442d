// node --test: how the page follows orders, without a browser.
import assert from "node:assert/strict";
import { test } from "node:test";

import { Live, newer } from "../html/live.js";

// Streams that are opened are kept, and timers run when the test says so.
function scene(answers = []) {
  const seen = { orders: [], states: [], streams: [], asked: 0, timers: new Map(), answers };
  let next = 1;
  const live = new Live({
    open: () => {
      const stream = { readyState: 0, closed: false, close: () => (stream.closed = true) };
      seen.streams.push(stream);
      return stream;
    },
    ask: async () => {
      seen.asked += 1;
      const answer = seen.answers.shift() ?? [];
      if (answer instanceof Error) throw answer;
      return answer;
    },
    tell: (order) => seen.orders.push(order.status),
    state: (state) => seen.states.push(state),
    timers: {
      setTimeout: (run, after) => (seen.timers.set(next, { run, after }), next++),
      clearTimeout: (id) => seen.timers.delete(id),
    },
  });
  const pass = async (after) => {
    for (const [id, timer] of [...seen.timers]) {
      if (timer.after !== after) continue;
      seen.timers.delete(id);
      timer.run();
    }
    await new Promise((resolve) => setImmediate(resolve));
  };
  return { live, seen, pass, settle: () => pass(-1) };
}

test("events are told, after what was missed", async () => {
  const { live, seen, settle } = scene([[{ status: "taken" }]]);
  live.start();
  seen.streams[0].onopen();
  await settle();
  seen.streams[0].onmessage({ data: '{"status": "packed"}' });
  seen.streams[0].onmessage({ data: '{"status": "done"}' });
  assert.deepEqual(seen.orders, ["taken", "packed", "done"]);
  assert.deepEqual(seen.states, ["live"]);
  assert.equal(seen.timers.size, 0);
});

test("without a stream it asks, and goes back to the stream when there is one", async () => {
  const { live, seen, pass, settle } = scene([[{ status: "taken" }], new Error("away"), [{ status: "done" }]]);
  live.start();
  Object.assign(seen.streams[0], { readyState: 2 }).onerror(); // an answer that is no stream
  await settle();
  await pass(1000);
  await pass(1000);
  assert.deepEqual(seen.orders, ["taken", "done"]);
  assert.deepEqual(seen.states.slice(0, 4), ["asking", "asking", "away", "asking"]);
  await pass(5000);
  assert.equal(seen.streams.length, 2);
  seen.streams[1].onopen();
  await settle();
  assert.equal(seen.states.at(-1), "live");
  assert.equal(seen.timers.size, 0);
});

test("a stream that the browser opens again by itself is not opened twice", async () => {
  const { live, seen, settle } = scene();
  live.start();
  seen.streams[0].onopen();
  Object.assign(seen.streams[0], { readyState: 0 }).onerror();
  seen.streams[0].onerror();
  await settle();
  assert.equal(seen.asked, 2);
  seen.streams[0].onopen();
  await settle();
  assert.equal(seen.streams.length, 1);
  assert.equal(seen.timers.size, 0);
});

test("nothing goes on after stop", async () => {
  const { live, seen, pass } = scene();
  live.start();
  Object.assign(seen.streams[0], { readyState: 2 }).onerror();
  live.stop();
  const asked = seen.asked;
  await pass(1000);
  await pass(5000);
  assert.equal(seen.asked, asked);
  assert.equal(seen.streams.length, 1);
  live.start();
  live.stop();
  assert.ok(seen.streams[1].closed);
});

test("the state that is further on counts", () => {
  const [taken, done, cancelled] = ["taken", "done", "cancelled"].map((status) => ({ status }));
  assert.equal(newer(done, taken), done);
  assert.equal(newer(taken, done), done);
  assert.equal(newer(taken, cancelled), cancelled);
  assert.equal(newer(undefined, taken), taken);
});
