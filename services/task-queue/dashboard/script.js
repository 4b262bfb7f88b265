// Everything on the page is made as text nodes: what a job carries is shown, never run.
const LOOK_MS = 2_000;
const SAMPLES = 90;
const STATES = ['failed', 'running', 'released', 'ready', 'waiting', 'succeeded', 'cancelled'];
const main = document.getElementById('main');
const live = document.getElementById('live');
const said = document.getElementById('said');
/** Of each queue, what was counted when. */
const samples = new Map();
let view = { queue: undefined, state: 'failed', pages: 1 };
let looking = 0;
let saidTimer;

function el(name, attributes = {}, ...children) {
  const node = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (key.startsWith('on')) node.addEventListener(key.slice(2), value);
    else if (value !== undefined && value !== false) node.setAttribute(key, value === true ? '' : value);
  }
  node.append(...children.filter((child) => child !== undefined));
  return node;
}

async function call(path, method = 'GET', body = undefined) {
  const headers = { 'x-penstock-dashboard': '1', 'x-request-deadline-ms': '5000' };
  if (body !== undefined) headers['content-type'] = 'application/json';
  const answer = await fetch(path, { method, headers, body: body === undefined ? undefined : JSON.stringify(body) });
  const value = await answer.json();
  if (answer.ok) return value;
  throw new Error(value.detail ?? `${answer.status}`);
}

function say(text) {
  said.textContent = text;
  said.hidden = false;
  clearTimeout(saidTimer);
  saidTimer = setTimeout(() => {
    said.hidden = true;
  }, 6_000);
}

const act = (what, done) => async () => {
  try {
    say(done(await what()));
  } catch (error) {
    say(error.message);
  }
  await look();
};

const number = (count) => (count >= 10_000 ? '10,000+' : count.toLocaleString('en'));

function span(ms) {
  const s = Math.max(0, ms) / 1_000;
  if (s < 1) return `${Math.round(ms)} ms`;
  if (s < 120) return `${s.toFixed(s < 10 ? 1 : 0)} s`;
  if (s < 7_200) return `${Math.round(s / 60)} min`;
  return s < 172_800 ? `${Math.round(s / 3_600)} h` : `${Math.round(s / 86_400)} d`;
}

const ago = (at) => `${span(Date.now() - at)} ago`;
const clock = (at) => new Date(at).toLocaleString();
const chip = (state) => el('span', { class: `chip ${state}` }, state);

function sample({ queue, totals }) {
  const known = samples.get(queue) ?? [];
  known.push({ at: Date.now(), ...totals });
  samples.set(queue, known.slice(-SAMPLES));
}

/** Looks that a rate is taken over: counts are told again for a second, so two looks alone show a saw. */
const SMOOTH = 4;

/** Jobs a second, look by look. */
function rates(queue, field) {
  const known = samples.get(queue) ?? [];
  return known.slice(1).map((now, n) => {
    const then = known[Math.max(0, n + 1 - SMOOTH)];
    return Math.max(0, ((now[field] - then[field]) * 1_000) / Math.max(1, now.at - then.at));
  });
}

function sparkline(queue) {
  const lines = ['added', 'ended'].map((field) => [field, rates(queue, field)]);
  const top = Math.max(1, ...lines.flatMap(([, values]) => values));
  const svg = document.createElementNS('http://www.w3.org/2000/svg', 'svg');
  svg.setAttribute('viewBox', `0 0 ${SAMPLES} 40`);
  svg.setAttribute('preserveAspectRatio', 'none');
  svg.setAttribute('role', 'img');
  svg.setAttribute('aria-label', 'jobs a second, added and ended');
  const draw = (d, kind) => {
    const path = document.createElementNS('http://www.w3.org/2000/svg', 'path');
    path.setAttribute('d', d);
    path.setAttribute('class', kind);
    svg.append(path);
  };
  for (const [field, values] of lines) {
    if (values.length < 2) continue;
    const from = SAMPLES - values.length;
    const line = values.map((value, n) => `${from + n} ${38 - (value / top) * 35}`).join('L');
    draw(`M${from} 38L${line}L${SAMPLES - 1} 38Z`, `${field} area`);
    draw(`M${line}`, field);
  }
  return svg;
}

function bar(states) {
  const parts = [
    ['failed', states.failed],
    ['out', states.running + states.released],
    ['ready', states.ready],
    ['waiting', states.waiting],
  ];
  const node = el('div', { class: 'bar' });
  for (const [name, count] of parts.filter(([, count]) => count > 0)) {
    const part = el('i', { title: `${name}: ${number(count)}` });
    part.style.flexGrow = String(count);
    part.style.background = `var(--${name})`;
    node.append(part);
  }
  return node;
}

const fact = (name, value, kind) => el('div', { class: kind }, el('dt', {}, name), el('dd', {}, value));

function standing(queue) {
  if (queue.isDrained) return 'paused, drained';
  if (queue.pausedAt !== undefined) return `paused ${ago(queue.pausedAt)}, draining`;
  return queue.leader === undefined ? 'nobody releases its jobs' : 'running';
}

function card(queue) {
  const { states, queue: name } = queue;
  const path = `/v1/queues/${encodeURIComponent(name)}`;
  const isPaused = queue.pausedAt !== undefined;
  const last = (field) => (rates(name, field).at(-1) ?? 0).toFixed(1);
  const kinds = ['card', ...(name === view.queue ? ['chosen'] : []), ...(isPaused ? ['paused'] : [])];
  return el(
    'section',
    { class: kinds.join(' ') },
    el(
      'div',
      { class: 'row' },
      el('h2', {}, el('a', { href: `#queue/${encodeURIComponent(name)}` }, name)),
      el(
        'button',
        {
          onclick: act(
            () => call(`${path}/${isPaused ? 'resume' : 'pause'}`, 'POST'),
            () => (isPaused ? 'resumed' : 'paused'),
          ),
        },
        isPaused ? 'Resume' : 'Pause',
      ),
    ),
    el('span', { class: 'soft' }, standing(queue)),
    bar(states),
    el(
      'dl',
      {},
      fact('ready', number(states.ready - Math.min(states.ready, queue.delayed)), 'dot-ready'),
      fact('later', number(queue.delayed), 'dot-ready'),
      fact('waiting', number(states.waiting), 'dot-waiting'),
      fact('out', number(states.released + states.running), 'dot-out'),
      fact('dead', number(states.failed), states.failed > 0 ? 'dot-failed bad' : 'dot-failed'),
      fact('oldest', queue.oldestReadyMs === 0 ? '–' : span(queue.oldestReadyMs)),
      fact('added /s', last('added'), 'dot-ready'),
      fact('ended /s', last('ended'), 'dot-out'),
    ),
    sparkline(name),
  );
}

/** The beginning of an id is when it was made; its end tells it from others. */
const short = (id) => (id.length > 20 ? `${id.slice(0, 8)}…${id.slice(-6)}` : id);

const redrive = (id) =>
  el(
    'button',
    {
      onclick: act(
        () => call(`/v1/jobs/${id}/redrive`, 'POST'),
        (job) => `${id} is ${job.state}`,
      ),
    },
    'Redrive',
  );
const cancel = (id) =>
  el(
    'button',
    {
      onclick: act(
        () => call(`/v1/jobs/${id}/cancel`, 'POST'),
        ({ outcome }) => `${id}: ${outcome}`,
      ),
    },
    'Cancel',
  );
const isOver = (state) => ['succeeded', 'failed', 'cancelled'].includes(state);
const action = ({ id, state }) => (state === 'failed' ? redrive(id) : isOver(state) ? undefined : cancel(id));

function jobRow(job) {
  const failure = job.lastFailure;
  return el(
    'tr',
    {},
    el(
      'td',
      {},
      el('a', { href: `#job/${job.id}`, title: job.id, class: 'id' }, short(job.id)),
      el('div', { class: 'soft' }, job.task),
    ),
    el('td', {}, chip(job.state)),
    el('td', {}, `${job.attempt} of ${job.maxAttempts}`),
    el('td', {}, ago(job.createdAt)),
    el('td', {}, failure === undefined ? '' : `${failure.code}: ${failure.reason}`.slice(0, 200)),
    el('td', {}, action(job) ?? ''),
  );
}

async function redriveAll(path) {
  let redriven = 0;
  let after;
  do {
    const page = await call(`${path}/redrive`, 'POST', after === undefined ? {} : { after });
    redriven += page.redriven;
    after = page.next;
  } while (after !== undefined);
  return redriven;
}

/** When what is added by the clock comes next. */
async function scheduleTable(queue) {
  const path = `/v1/queues/${encodeURIComponent(queue)}/schedules`;
  const { schedules } = await call(path);
  if (schedules.length === 0) return '';
  const change = (name, to) =>
    act(
      () => call(`${path}/${encodeURIComponent(name)}/${to}`, 'POST'),
      () => `${name}: ${to}d`,
    );
  const rows = schedules.map(({ name, cron, timeZone, missed, job, nextAt, isPaused, isDeclared }) =>
    el(
      'tr',
      {},
      el('td', {}, name, el('div', { class: 'soft' }, job?.task ?? 'declared by a dispatcher')),
      el('td', {}, el('code', {}, cron ?? ''), el('div', { class: 'soft' }, timeZone ?? '')),
      el('td', {}, missed ?? ''),
      el('td', {}, isPaused ? 'paused' : nextAt === undefined ? 'never' : clock(nextAt)),
      el(
        'td',
        {},
        isDeclared
          ? ''
          : el('button', { onclick: change(name, isPaused ? 'resume' : 'pause') }, isPaused ? 'Resume' : 'Pause'),
      ),
    ),
  );
  const heads = ['schedule', 'times', 'missed', 'next', ''].map((name) => el('th', {}, name));
  return el(
    'section',
    {},
    el('h3', {}, `Schedules of ${queue}`),
    el('table', {}, el('thead', {}, el('tr', {}, ...heads)), el('tbody', {}, ...rows)),
  );
}

async function jobTable(queue, states) {
  const path = `/v1/queues/${encodeURIComponent(queue)}`;
  const jobs = [];
  let cursor = '';
  for (let page = 0; page < view.pages && cursor !== undefined; page += 1) {
    const found = await call(`${path}/jobs?state=${view.state}&limit=50${cursor}`);
    jobs.push(...found.jobs);
    cursor = found.next === undefined ? undefined : `&cursor=${found.next}`;
  }
  const show = (changes) => () => {
    view = { ...view, ...changes };
    look();
  };
  const tabs = STATES.map((state) =>
    el(
      'button',
      { 'aria-pressed': String(state === view.state), onclick: show({ state, pages: 1 }) },
      state,
      el('small', {}, number(states[state] ?? 0)),
    ),
  );
  const all =
    view.state === 'failed' && jobs.length > 0
      ? el(
          'button',
          {
            onclick: act(
              () => redriveAll(path),
              (count) => `${count} redriven`,
            ),
          },
          'Redrive all',
        )
      : '';
  const heads = ['job', 'state', 'attempts', 'added', 'last failure', ''].map((name) => el('th', {}, name));
  return el(
    'section',
    {},
    el('h3', {}, `Jobs of ${queue}`),
    el('div', { class: 'row' }, el('span', { class: 'tabs' }, ...tabs), all),
    jobs.length === 0
      ? el('p', { class: 'soft' }, `none is ${view.state}`)
      : el('table', {}, el('thead', {}, el('tr', {}, ...heads)), el('tbody', {}, ...jobs.map(jobRow))),
    cursor === undefined ? '' : el('button', { onclick: show({ pages: view.pages + 1 }) }, 'More'),
  );
}

function timeline(job) {
  const events = [
    [job.createdAt, 'added', ''],
    [job.startedAt, 'first attempt began', ''],
    [job.releasedAt, 'released to a worker', ''],
    [job.cancelRequestedAt, 'cancel asked for', 'bad'],
    ...job.history.map(({ at, attempt, code, reason }) => [at, `attempt ${attempt}: ${code}: ${reason}`, 'bad']),
    [job.progress?.at, `${Math.round((job.progress?.done ?? 0) * 100)} % done ${job.progress?.note ?? ''}`, ''],
    [job.finishedAt, job.state, job.state === 'succeeded' ? 'good' : 'bad'],
    [isOver(job.state) ? undefined : Math.max(job.runAt, job.createdAt), 'due', ''],
  ].filter(([at]) => at !== undefined);
  events.sort(([a], [b]) => a - b);
  return el(
    'ol',
    { class: 'time' },
    ...events.map(([at, what, kind]) => el('li', { class: kind }, what, el('div', { class: 'soft' }, clock(at)))),
  );
}

const list = (title, nodes) => (nodes.length === 0 ? '' : el('div', {}, el('h3', {}, title), ...nodes));
const linked = ({ job, state }) => el('div', {}, el('a', { href: `#job/${job}` }, job), ' ', chip(state));
const json = (value) => el('pre', {}, JSON.stringify(value, null, 2) ?? 'nothing');

async function jobPage(id) {
  const job = await call(`/v1/jobs/${encodeURIComponent(id)}`);
  return el(
    'section',
    { class: 'card' },
    el('div', { class: 'row' }, el('h2', {}, job.id), action(job) ?? ''),
    el(
      'p',
      {},
      chip(job.state),
      ` ${job.task} in `,
      el('a', { href: `#queue/${encodeURIComponent(job.queue)}` }, job.queue),
    ),
    el(
      'dl',
      {},
      fact('attempts', `${job.attempt} of ${job.maxAttempts}`),
      fact('priority', String(job.priority)),
      fact('order', job.orderKey ?? 'any'),
      fact('worker', job.worker ?? 'none'),
    ),
    el('h3', {}, 'Timeline'),
    timeline(job),
    list(
      'Steps done',
      job.steps.map((step) => el('div', {}, `✓ ${step}`)),
    ),
    list('Needs', job.needs.map(linked)),
    list('Needed by', job.neededBy.map(linked)),
    el('h3', {}, 'Payload'),
    job.unreadable === undefined ? json(job.payload) : el('p', {}, job.unreadable),
    job.result === undefined ? '' : list('Result', [json(job.result)]),
  );
}

function summary(queues) {
  const sum = (of) => queues.reduce((all, queue) => all + of(queue.states), 0);
  const dead = sum(({ failed }) => failed);
  return el(
    'p',
    { class: 'summary' },
    el('b', {}, number(sum(({ ready, waiting }) => ready + waiting))),
    ' to do, ',
    el('b', {}, number(sum(({ released, running }) => released + running))),
    ' out, ',
    el('b', { class: dead > 0 ? 'bad' : '' }, number(dead)),
    ` dead letters in ${queues.length} ${queues.length === 1 ? 'queue' : 'queues'}`,
  );
}

async function below(kind, argument, chosen, queues) {
  if (kind === 'job') return [await jobPage(argument)];
  if (chosen === undefined) return [];
  const states = queues.find(({ queue }) => queue === chosen)?.states ?? {};
  return Promise.all([jobTable(chosen, states), scheduleTable(chosen)]);
}

async function look() {
  const turn = ++looking;
  const [kind, argument = ''] = location.hash.slice(1).split('/');
  try {
    const { queues } = await call('/v1/queues');
    for (const queue of queues) sample(queue);
    const chosen = kind === 'queue' ? decodeURIComponent(argument) : queues[0]?.queue;
    if (chosen !== view.queue) view = { ...view, queue: chosen, pages: 1 };
    const nodes = await below(kind, argument, chosen, queues);
    // Whoever asked later shows what is newer.
    if (turn !== looking) return;
    const focused = document.activeElement?.textContent;
    const above = kind === 'job' ? [] : [summary(queues), el('div', { class: 'cards' }, ...queues.map(card))];
    main.replaceChildren(...above, ...nodes);
    for (const node of main.querySelectorAll('button, a')) if (node.textContent === focused) node.focus();
    live.textContent = `live, ${new Date().toLocaleTimeString()}`;
    live.className = '';
  } catch (error) {
    if (turn !== looking) return;
    live.textContent = `not live: ${error.message}`;
    live.className = 'lost';
  }
}

addEventListener('hashchange', look);
addEventListener('visibilitychange', () => document.hidden || look());
setInterval(() => document.hidden || look(), LOOK_MS);
look();
