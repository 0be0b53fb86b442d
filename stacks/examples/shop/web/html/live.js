// Orders as they go: a stream of events from the API, and questions in its place for as long as it is broken.

// The way of an order. One that is cancelled is at no step of it.
export const STEPS = ["taken", "packed", "done"];

// Of two states of one order the one that is further on: an answer may come later than the event after it.
export function newer(a, b) {
  if (!a || !b) return a || b;
  return STEPS.indexOf(b.status) >= STEPS.indexOf(a.status) || b.status === "cancelled" ? b : a;
}

// Follows orders between start() and stop(). A browser has six connections to a server, for all tabs together, and a
// stream holds one of them: it is open only while someone looks at orders.
//   open()   makes an EventSource
//   ask()    the orders that are looked at, asked for: once at the beginning, then only while there is no stream
//   tell(o)  is called with every order that comes, from either
//   state(s) "live" with a stream, "asking" without, "away" where questions have no answer either
export class Live {
  constructor({ open, ask, tell, state = () => {}, every = 1000, again = 5000, timers = globalThis }) {
    Object.assign(this, { open, ask, tell, state, every, again, timers });
    this.stream = this.question = this.retry = null;
  }

  start() {
    if (this.stream || this.retry) this.poll(false);
    else this.connect();
  }

  stop() {
    this.stream?.close();
    this.timers.clearTimeout(this.retry);
    this.timers.clearTimeout(this.question);
    this.stream = this.retry = this.question = null;
  }

  connect() {
    this.retry = null;
    const stream = (this.stream = this.open());
    stream.onopen = () => {
      if (stream !== this.stream) return;
      this.timers.clearTimeout(this.question);
      this.question = null;
      this.state("live");
      this.poll(false); // what happened before the stream was there
    };
    stream.onmessage = (event) => stream === this.stream && this.tell(JSON.parse(event.data));
    stream.onerror = () => {
      if (stream !== this.stream) return;
      // A browser tries again by itself, except after an answer that is no stream.
      if (stream.readyState === 2) {
        this.stream = null;
        this.retry = this.timers.setTimeout(() => this.connect(), this.again);
      }
      if (this.question === null) {
        this.state("asking");
        this.poll(true);
      }
    };
  }

  async poll(repeat) {
    if (repeat) this.question = this.timers.setTimeout(() => this.poll(true), this.every);
    const mine = this.question;
    try {
      for (const order of await this.ask()) this.tell(order);
      if (repeat && mine === this.question) this.state("asking");
    } catch {
      if (repeat && mine === this.question) this.state("away");
    }
  }
}
