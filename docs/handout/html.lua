-- The title is the page's only heading of the first level.
function Pandoc(document)
  document.meta.title = document.blocks:remove(1).content
  return document
end

-- On a narrow screen a wide table, formula or picture scrolls by itself, also from the keyboard, and the page does not.
local function wide(block, label)
  -- A list, because the keys of a Lua table come in another order each time.
  local attributes = { { 'role', 'group' }, { 'tabindex', '0' }, { 'aria-label', label } }
  return pandoc.Div({ block }, pandoc.Attr('', { 'wide' }, attributes))
end

-- Browsers put no space behind a function's name.
function Math(formula)
  formula.text = formula.text:gsub('\\(%a+) ', function(name)
    return (name == 'ln' or name == 'exp') and '\\' .. name .. '\\, ' or nil
  end)
  return formula
end

function Table(table)
  return wide(table, 'Table')
end

function Para(paragraph)
  local only = #paragraph.content == 1 and paragraph.content[1]
  if only and only.t == 'Math' and only.mathtype == 'DisplayMath' then
    return wide(paragraph, 'Formula')
  elseif only and only.t == 'Image' then
    return wide(paragraph, 'Picture')
  end
end
