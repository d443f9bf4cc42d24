"use strict";
// Sorts a table by the column whose heading is pressed, and hides the rows that a filter does not find.
for (const table of document.querySelectorAll("table")) {
  const body = table.tBodies[0];
  const headings = [...table.tHead.rows[0].cells];
  headings.forEach((heading, place) => {
    heading.querySelector("button").addEventListener("click", () => {
      const falls = heading.getAttribute("aria-sort") === "ascending";
      headings.forEach((other) => other.removeAttribute("aria-sort"));
      heading.setAttribute("aria-sort", falls ? "descending" : "ascending");
      const key = (row) => row.cells[place].textContent;
      const compare = (one, two) => key(one).localeCompare(key(two), undefined, { numeric: true });
      const number = (row) => (key(row) === "" ? -Infinity : parseFloat(key(row)));
      const compareNumbers = (one, two) => (number(one) > number(two)) - (number(one) < number(two));
      const isNumber = heading.classList.contains("number");
      const rows = [...body.rows].sort(isNumber ? compareNumbers : compare);
      body.append(...(falls ? rows.reverse() : rows));
    });
  });
  const filter = document.getElementById(table.id + "-filter");
  filter.addEventListener("input", () => {
    const wanted = filter.value.toLowerCase();
    for (const row of body.rows) row.hidden = !row.textContent.toLowerCase().includes(wanted);
  });
}
