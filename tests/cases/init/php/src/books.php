<?php

function books(PDO $database): array
{
    return $database->query('SELECT title FROM books ORDER BY title')->fetchAll(PDO::FETCH_COLUMN);
}
